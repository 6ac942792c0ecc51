// SPDX-License-Identifier: Apache-2.0
//
// TokenBucket: at most `burst` at once and `per_second` in the long run. Starts full.
#pragma once

#include <algorithm>
#include <cstdint>

#include "quicether/base/time.h"

namespace qe::node {

class TokenBucket {
  public:
    TokenBucket(std::uint32_t per_second, std::uint32_t burst) noexcept
        : cost_(base::Duration(base::seconds(1)) / per_second),
          capacity_(cost_ * burst),
          credit_(capacity_) {}

    [[nodiscard]] bool take(base::Instant now, std::uint32_t tokens = 1) noexcept {
        credit_ = std::min(capacity_, credit_ + (now - last_));
        last_ = std::max(last_, now);
        if (credit_ < cost_ * tokens) {
            return false;
        }
        credit_ -= cost_ * tokens;
        return true;
    }

  private:
    base::Duration cost_;
    base::Duration capacity_;
    base::Duration credit_;
    base::Instant last_;
};

}  // namespace qe::node
