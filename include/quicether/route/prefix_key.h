// SPDX-License-Identifier: Apache-2.0
//
// PrefixKey: a prefix as the prefix table works with it, 128 bits in two words.
//
// IPv4 sits in the upper 32 bits, so that both families take the same steps. Bits behind the length
// are zero.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <tuple>

#include "quicether/net/ip_address.h"

namespace qe::route {

struct PrefixKey {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    std::uint8_t length = 0;
    net::Family family = net::Family::V4;

    /// A whole address: the key of its host prefix.
    [[nodiscard]] static PrefixKey of(const net::IpAddress& address) noexcept {
        PrefixKey key;
        const base::ByteView bytes = address.bytes();
        if (bytes.size() == 4) {
            key.high = big_endian<4>(bytes) << 32;
        } else {
            key.high = big_endian<8>(bytes);
            key.low = big_endian<8>(bytes.subspan(8));
        }
        key.length = static_cast<std::uint8_t>(address.bit_count());
        key.family = address.family();
        return key;
    }
    [[nodiscard]] static PrefixKey of(const net::Prefix& prefix) noexcept {
        return of(prefix.address()).truncated(prefix.length());
    }
    /// Its first `bits` bits, at most as many as it has.
    [[nodiscard]] PrefixKey truncated(unsigned bits) const noexcept {
        return {high & mask(bits), low & mask(bits < 64 ? 0 : bits - 64),
                static_cast<std::uint8_t>(bits), family};
    }

    [[nodiscard]] net::Prefix prefix() const noexcept {
        std::array<std::byte, 16> bytes{};
        for (unsigned i = 0; i < bytes.size(); ++i) {
            bytes[i] = static_cast<std::byte>(octet(i));
        }
        const std::size_t size = family == net::Family::V4 ? 4 : 16;
        return {net::IpAddress::from_bytes(base::ByteView(bytes).first(size)), length};
    }

    /// Byte `index` (0 … 15) in network order.
    [[nodiscard]] unsigned octet(unsigned index) const noexcept {
        const std::uint64_t word = index < 8 ? high : low;
        return static_cast<unsigned>(word >> (56 - 8 * (index % 8)) & 0xffU);
    }
    /// The 64 bits from bit `from` (0 … 128) on, counted from the most significant one; zeros
    /// behind the end.
    [[nodiscard]] std::uint64_t bits_from(unsigned from) const noexcept {
        if (from < 64) {
            return high << from | low >> 1 >> (63 - from);
        }
        return from < 128 ? low << (from - 64) : 0;
    }
    /// How many leading bits both have in common, at most the length of the shorter.
    [[nodiscard]] unsigned common_bits(const PrefixKey& other) const noexcept {
        const auto shorter = static_cast<unsigned>(std::min(length, other.length));
        return std::min(shorter, first_difference(other));
    }
    /// The first bit in which they differ, 128 when none does; lengths do not matter.
    [[nodiscard]] unsigned first_difference(const PrefixKey& other) const noexcept {
        const auto upper = static_cast<unsigned>(std::countl_zero(high ^ other.high));
        return upper < 64 ? upper : 64 + static_cast<unsigned>(std::countl_zero(low ^ other.low));
    }
    /// `address` is of the same family and no shorter.
    [[nodiscard]] bool contains(const PrefixKey& address) const noexcept {
        const std::uint64_t differs = ((high ^ address.high) & mask(length)) |
                                      ((low ^ address.low) & mask(length < 64 ? 0 : length - 64U));
        return differs == 0;
    }

    friend bool operator==(const PrefixKey&, const PrefixKey&) = default;
    /// By address, shorter before longer. Of the same family.
    friend bool operator<(const PrefixKey& a, const PrefixKey& b) noexcept {
        return std::tie(a.high, a.low, a.length) < std::tie(b.high, b.low, b.length);
    }

  private:
    /// Of so many bytes; the compiler makes one load of it.
    template <std::size_t kBytes>
    [[nodiscard]] static std::uint64_t big_endian(base::ByteView bytes) noexcept {
        std::array<std::uint8_t, kBytes> octets;
        std::memcpy(octets.data(), bytes.data(), kBytes);
        std::uint64_t word = 0;
        for (const std::uint8_t octet : octets) {
            word = word << 8 | octet;
        }
        return word;
    }
    /// The upper `bits` bits of a word; all of them from 64 on.
    [[nodiscard]] static constexpr std::uint64_t mask(unsigned bits) noexcept {
        return bits == 0 ? 0 : ~std::uint64_t{0} << (bits >= 64 ? 0 : 64 - bits);
    }
};

}  // namespace qe::route
