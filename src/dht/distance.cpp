// SPDX-License-Identifier: Apache-2.0
#include "quicether/dht/distance.h"

#include <bit>

namespace qe::dht {
namespace {

constexpr unsigned kByteBits = 8;

std::byte bit_mask(unsigned bit) noexcept {
    return static_cast<std::byte>(0x80U >> (bit % kByteBits));
}

}  // namespace

unsigned common_prefix_bits(const NodeId& a, const NodeId& b) noexcept {
    for (std::size_t i = 0; i < NodeId::kSize; ++i) {
        const auto differs = std::to_integer<std::uint8_t>(a.bytes[i] ^ b.bytes[i]);
        if (differs != 0) {
            return static_cast<unsigned>(i) * kByteBits +
                   static_cast<unsigned>(std::countl_zero(differs));
        }
    }
    return kIdBits;
}

bool is_closer(const NodeId& target, const NodeId& a, const NodeId& b) noexcept {
    for (std::size_t i = 0; i < NodeId::kSize; ++i) {
        if (a.bytes[i] != b.bytes[i]) {
            return (a.bytes[i] ^ target.bytes[i]) < (b.bytes[i] ^ target.bytes[i]);
        }
    }
    return false;
}

NodeId random_id_at(const NodeId& base, unsigned bits, base::Rng& rng) noexcept {
    if (bits >= kIdBits) {
        return base;
    }
    NodeId id = random_id(rng);
    const std::size_t whole = bits / kByteBits;
    for (std::size_t i = 0; i < whole; ++i) {
        id.bytes[i] = base.bytes[i];
    }
    for (unsigned bit = static_cast<unsigned>(whole) * kByteBits; bit <= bits; ++bit) {
        const std::byte mask = bit_mask(bit);
        const std::byte flip = bit == bits ? mask : std::byte{0};
        id.bytes[whole] = (id.bytes[whole] & ~mask) | ((base.bytes[whole] ^ flip) & mask);
    }
    return id;
}

NodeId random_id(base::Rng& rng) noexcept {
    NodeId id;
    rng.fill(id.bytes);
    return id;
}

NodeId antipode(const NodeId& id) noexcept {
    NodeId other = id;
    for (std::byte& b : other.bytes) {
        b = ~b;
    }
    return other;
}

}  // namespace qe::dht
