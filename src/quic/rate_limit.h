// SPDX-License-Identifier: Apache-2.0
//
// RateLimit: a token bucket, so that answering strangers costs a bounded part of the machine.
#pragma once

#include <algorithm>
#include <cstdint>

#include "quicether/base/time.h"

namespace qe::quic {

class RateLimit {
  public:
    /// `burst` answers at once, `per_second` on average; both > 0.
    constexpr RateLimit(std::uint32_t per_second, std::uint32_t burst) noexcept
        : interval_(base::Duration(base::seconds(1)) / per_second), burst_(burst), left_(burst) {}

    /// Takes one, or says that there is none.
    [[nodiscard]] bool take(base::Instant now) noexcept {
        const auto earned = static_cast<std::uint64_t>((now - filled_at_) / interval_);
        if (earned > 0) {
            left_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(burst_, left_ + earned));
            // Whole intervals only, so that fractions add up.
            filled_at_ =
                left_ == burst_ ? now : filled_at_ + interval_ * static_cast<std::int64_t>(earned);
        }
        if (left_ == 0) {
            return false;
        }
        --left_;
        return true;
    }

  private:
    base::Duration interval_;
    std::uint32_t burst_;
    std::uint32_t left_;
    base::Instant filled_at_;
};

}  // namespace qe::quic
