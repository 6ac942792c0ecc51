// SPDX-License-Identifier: Apache-2.0
//
// Dice: the randomness of one question that a link asks, for instance "is this packet lost?".
//
// SplitMix64 (Steele, Lea, Flood 2014), seeded by the run's seed and a label, so that each question
// of each direction has a stream of its own: jitter does not change which packets are lost. Small
// enough to be repeated in another language by a test that predicts the losses
// (tests/integration/lib/linkemu.py). Not for secrets.
#pragma once

#include <cstdint>
#include <string_view>

namespace qe::linkemu {

class Dice {
  public:
    /// The label ("wan1/ab/loss") enters as its FNV-1a hash.
    Dice(std::uint64_t seed, std::string_view label) noexcept : state_(seed ^ hash(label)) {}

    [[nodiscard]] std::uint64_t u64() noexcept {
        state_ += 0x9E3779B97F4A7C15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31);
    }

    /// Uniform in [0, 1), in steps of 2^-53.
    [[nodiscard]] double unit() noexcept {
        return static_cast<double>(u64() >> 11) / 9007199254740992.0;
    }

    /// Draws nothing where the outcome is certain.
    [[nodiscard]] bool chance(double probability) noexcept {
        return probability > 0 && (probability >= 1 || unit() < probability);
    }

  private:
    static constexpr std::uint64_t hash(std::string_view label) noexcept {
        std::uint64_t value = 0xCBF29CE484222325U;
        for (const char c : label) {
            value = (value ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
        }
        return value;
    }

    std::uint64_t state_;
};

}  // namespace qe::linkemu
