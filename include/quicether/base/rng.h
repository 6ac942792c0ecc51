// SPDX-License-Identifier: Apache-2.0
//
// Rng: the injected source of randomness, a ChaCha20 key stream (RFC 8439) under a 32-byte seed.
//
// Cryptographically strong when the seed is; reproducible when the seed is fixed, which is what
// tests and the simulator do. Each module forks a stream of its own, so that a draw added in one
// module changes nothing in another. Move-only: two copies would hand out the same bytes twice.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "quicether/base/bytes.h"

namespace qe::base {

class Rng {
  public:
    static constexpr std::size_t kSeedSize = 32;
    using Seed = std::array<std::byte, kSeedSize>;

    explicit Rng(const Seed& seed) noexcept;
    ~Rng();
    Rng(Rng&& other) noexcept;
    Rng& operator=(Rng&& other) noexcept;
    Rng(const Rng&) = delete;
    Rng& operator=(const Rng&) = delete;

    /// A stream independent of this one and of forks with other labels; draws from this one.
    [[nodiscard]] Rng fork(std::string_view label) noexcept;

    void fill(MutableBytes out) noexcept;
    [[nodiscard]] std::uint64_t u64() noexcept;
    /// Uniform in [0, bound); bound > 0.
    [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept;

  private:
    void refill() noexcept;

    static constexpr std::size_t kBlockSize = 256;
    Seed key_;
    std::uint64_t block_ = 0;
    std::size_t used_ = kBlockSize;
    std::array<std::byte, kBlockSize> buffer_{};
};

}  // namespace qe::base
