// SPDX-License-Identifier: Apache-2.0
//
// Dice: draws for random worlds, from one stream.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "quicether/base/rng.h"
#include "quicether/base/time.h"

namespace qe::sim {

class Dice {
  public:
    explicit Dice(base::Rng rng) : rng_(std::move(rng)) {}

    /// Both ends included.
    [[nodiscard]] std::uint64_t between(std::uint64_t least, std::uint64_t most) {
        return least + rng_.below(most - least + 1);
    }
    [[nodiscard]] bool chance(unsigned percent) { return rng_.below(100) < percent; }
    /// In [0, most), in steps of a millionth of it.
    [[nodiscard]] double share(double most) {
        return most * static_cast<double>(rng_.below(1'000'000)) / 1e6;
    }
    [[nodiscard]] base::Duration millis(std::uint64_t least, std::uint64_t most) {
        return base::milliseconds(static_cast<std::int64_t>(between(least, most)));
    }
    /// Precondition: not empty.
    template <typename T>
    [[nodiscard]] const T& pick(const std::vector<T>& list) {
        return list[rng_.below(list.size())];
    }
    [[nodiscard]] base::Rng& rng() noexcept { return rng_; }

  private:
    base::Rng rng_;
};

}  // namespace qe::sim
