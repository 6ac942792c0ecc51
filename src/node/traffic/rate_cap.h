// SPDX-License-Identifier: Apache-2.0
//
// RateCap: what may leave by an uplink that has a configured limit, whichever peer it is for.
//
// Credit grows with time up to kBurst of it, at least kBurstMin bytes. What leaves may exceed it,
// as a super-packet does: the debt is paid off before the next packet.
#pragma once

#include <algorithm>
#include <cstddef>

#include "quicether/base/time.h"

namespace qe::node {

class RateCap {
  public:
    static constexpr base::Duration kBurst = base::milliseconds(10);
    static constexpr double kBurstMin = 16.0 * 1024;

    /// Bytes per second, above zero. Starts with a full burst.
    explicit RateCap(double rate) noexcept : rate_(rate), credit_(burst()) {}

    /// Bytes that may leave now.
    [[nodiscard]] std::size_t room(base::Instant now) noexcept {
        refill(now);
        return credit_ < 1 ? 0 : static_cast<std::size_t>(credit_);
    }
    void take(base::Instant now, std::size_t bytes) noexcept {
        refill(now);
        credit_ -= static_cast<double>(bytes);
    }
    /// When there is room for a datagram again.
    [[nodiscard]] base::Instant next_at(base::Instant now) noexcept {
        constexpr double kDatagram = 1500;
        refill(now);
        const double wait = std::max(0.0, (kDatagram - credit_) / rate_);
        return now +
               std::chrono::duration_cast<base::Duration>(std::chrono::duration<double>(wait));
    }

  private:
    [[nodiscard]] double burst() const noexcept {
        return std::max(kBurstMin, rate_ * std::chrono::duration<double>(kBurst).count());
    }
    void refill(base::Instant now) noexcept {
        const double grown = rate_ * std::chrono::duration<double>(now - last_).count();
        credit_ = std::min(burst(), credit_ + grown);
        last_ = std::max(last_, now);
    }

    double rate_;
    double credit_;
    base::Instant last_;
};

}  // namespace qe::node
