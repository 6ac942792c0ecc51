// SPDX-License-Identifier: Apache-2.0
//
// NoiseWatch: tells the operator, once an interval, that someone is shooting at the UDP port.
//
// Single stray datagrams are normal (late packets of a connection that ended); only a count no
// healthy network reaches is worth a line.
#pragma once

#include <cstdint>
#include <optional>

#include "quicether/base/time.h"
#include "quicether/quic/types.h"

namespace qe::node {

inline constexpr base::Duration kNoiseInterval = base::seconds(10);
inline constexpr std::uint64_t kNoiseMin = 200;  ///< Useless datagrams in one interval.

class NoiseWatch {
  public:
    /// The number of useless datagrams since the last call that returned one, when it is time to
    /// speak of them.
    [[nodiscard]] std::optional<std::uint64_t> check(base::Instant now,
                                                     const quic::EndpointCounters& counters) {
        if (now < next_) {
            return std::nullopt;
        }
        next_ = now + kNoiseInterval;
        const std::uint64_t total = counters.datagrams_malformed + counters.datagrams_unroutable +
                                    counters.packets_rejected + counters.initials_dropped;
        const std::uint64_t fresh = total - reported_;
        reported_ = total;
        return fresh < kNoiseMin ? std::nullopt : std::optional(fresh);
    }

  private:
    base::Instant next_;
    std::uint64_t reported_ = 0;
};

}  // namespace qe::node
