// SPDX-License-Identifier: Apache-2.0
//
// BlackHole: notices that a path has begun to swallow large packets (RFC 8899, 4.3).
//
// ngtcp2 probes upwards only. When a route changes to a smaller MTU without a word, every full-size
// packet is lost while acknowledgements and probes pass, and a tunnel stands still. The sign is a
// run of lost large datagrams without one delivered, long enough not to be a burst of congestion,
// while something small came through. Then the connection keeps to the size that always passes,
// for kRetreat, and tries again. Pure state: `now` and what happened go in, a verdict comes out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "quicether/base/time.h"

namespace qe::quic {

class BlackHole {
  public:
    static constexpr base::Duration kRetreat = base::seconds(60);
    static constexpr std::uint32_t kLostMin = 10;
    static constexpr base::Duration kLostFor = base::milliseconds(500);

    void on_large_lost(base::Instant now) noexcept {
        if (lost_++ == 0) {
            first_lost_at_ = now;
        }
    }
    void on_large_delivered() noexcept { lost_ = 0; }
    /// The path is another one now.
    void reset() noexcept { *this = {}; }

    /// True when the large sizes are to be given up now. `delivered_at`: when the peer last
    /// acknowledged anything; `pto`: the connection's probe timeout.
    [[nodiscard]] bool opens(base::Instant now, base::Instant delivered_at,
                             base::Duration pto) noexcept {
        const base::Duration wait = std::max<base::Duration>(3 * pto, kLostFor);
        if (retreating() || lost_ < kLostMin || now - first_lost_at_ < wait ||
            delivered_at <= first_lost_at_) {
            return false;
        }
        until_ = now + kRetreat;
        return true;
    }
    /// True once, when the retreat is over.
    [[nodiscard]] bool ends(base::Instant now) noexcept {
        if (!retreating() || now < until_) {
            return false;
        }
        reset();
        return true;
    }

    [[nodiscard]] bool retreating() const noexcept { return !until_.is_never(); }
    [[nodiscard]] bool suspicious() const noexcept { return lost_ >= kLostMin; }
    [[nodiscard]] base::Instant deadline() const noexcept { return until_; }

  private:
    std::uint32_t lost_ = 0;  ///< Large datagrams in a row.
    base::Instant first_lost_at_;
    base::Instant until_ = base::Instant::never();
};

}  // namespace qe::quic
