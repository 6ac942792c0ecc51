// SPDX-License-Identifier: Apache-2.0
//
// Backoff: how long to wait before the next dial. 500 ms, doubling to 30 s, each wait drawn from
// the upper half of the step so that peers which lost each other together do not dial in step.
#pragma once

#include <algorithm>

#include "quicether/base/rng.h"
#include "quicether/base/time.h"

namespace qe::node {

inline constexpr base::Duration kBackoffFirst = base::milliseconds(500);
inline constexpr base::Duration kBackoffMax = base::seconds(30);

class Backoff {
  public:
    /// The wait after one more failure: uniform in [step / 2, step], then the step doubles.
    [[nodiscard]] base::Duration next(base::Rng& rng) noexcept {
        const base::Duration step = step_;
        step_ = std::min(step_ * 2, kBackoffMax);
        const auto half = static_cast<std::uint64_t>(step.count() / 2);
        return base::Duration(static_cast<std::int64_t>(half + rng.below(half + 1)));
    }
    void reset() noexcept { step_ = kBackoffFirst; }

  private:
    base::Duration step_ = kBackoffFirst;
};

}  // namespace qe::node
