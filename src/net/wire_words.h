// SPDX-License-Identifier: Apache-2.0
//
// Whole words of packet headers, read and written in one instruction each.
//
// For what runs per packet: no bounds are checked, not even in hardened builds, so callers have
// compared the packet's size with the header's before. `load` keeps network order and is meant for
// comparing two packets; the `_be` functions convert. See header_fields.h for the checked kin.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace qe::net {

template <typename Word>
[[nodiscard]] inline Word load(const std::byte* at) noexcept {
    Word word;
    std::memcpy(&word, at, sizeof(word));
    return word;
}

/// Host to network order or back.
[[nodiscard]] inline std::uint16_t swap_be(std::uint16_t value) noexcept {
    return std::endian::native == std::endian::little ? __builtin_bswap16(value) : value;
}
[[nodiscard]] inline std::uint32_t swap_be(std::uint32_t value) noexcept {
    return std::endian::native == std::endian::little ? __builtin_bswap32(value) : value;
}

[[nodiscard]] inline std::uint16_t load_be16(const std::byte* at) noexcept {
    return swap_be(load<std::uint16_t>(at));
}
[[nodiscard]] inline std::uint32_t load_be32(const std::byte* at) noexcept {
    return swap_be(load<std::uint32_t>(at));
}
inline void store_be16(std::byte* at, std::uint16_t value) noexcept {
    value = swap_be(value);
    std::memcpy(at, &value, sizeof(value));
}
inline void store_be32(std::byte* at, std::uint32_t value) noexcept {
    value = swap_be(value);
    std::memcpy(at, &value, sizeof(value));
}

}  // namespace qe::net
