// SPDX-License-Identifier: Apache-2.0
//
// Pattern: payload bytes that follow from a key and their offset, so that whoever knows the flow
// sees a single altered, repeated or displaced byte.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quicether/base/bytes.h"

namespace qe::sim {

/// The finalizer of SplitMix64: well mixed, and a bijection.
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t x) noexcept {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

[[nodiscard]] constexpr std::byte pattern_byte(std::uint64_t key, std::uint64_t offset) noexcept {
    return static_cast<std::byte>(mix(key ^ (offset / 8)) >> (8 * (offset % 8)));
}

/// Bytes [offset, offset + out.size()) of the endless pattern.
inline void fill_pattern(base::MutableBytes out, std::uint64_t key, std::uint64_t offset) noexcept {
    std::uint64_t word = mix(key ^ (offset / 8));
    for (std::byte& b : out) {
        b = static_cast<std::byte>(word >> (8 * (offset % 8)));
        if (++offset % 8 == 0) {
            word = mix(key ^ (offset / 8));
        }
    }
}

[[nodiscard]] inline bool is_pattern(base::ByteView bytes, std::uint64_t key,
                                     std::uint64_t offset) noexcept {
    std::uint64_t word = mix(key ^ (offset / 8));
    for (const std::byte b : bytes) {
        if (b != static_cast<std::byte>(word >> (8 * (offset % 8)))) {
            return false;
        }
        if (++offset % 8 == 0) {
            word = mix(key ^ (offset / 8));
        }
    }
    return true;
}

}  // namespace qe::sim
