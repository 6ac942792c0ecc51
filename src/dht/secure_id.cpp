// SPDX-License-Identifier: Apache-2.0
#include "quicether/dht/secure_id.h"

#include <array>
#include <cstdint>

#include "dht/subnet.h"
#include "quicether/dht/distance.h"

namespace qe::dht {
namespace {

/// Castagnoli's polynomial, reflected (RFC 3720, B.4).
constexpr std::uint32_t kPolynomial = 0x82f63b78;
constexpr std::array<std::uint8_t, 4> kMaskV4 = {0x03, 0x0f, 0x3f, 0xff};
constexpr std::array<std::uint8_t, 8> kMaskV6 = {0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff};
/// The leading bits that the address decides.
constexpr std::uint32_t kDecidedBits = 0xfffff800;

std::uint32_t crc32c(std::span<const std::uint8_t> bytes) noexcept {
    std::uint32_t crc = ~0U;
    for (const std::uint8_t byte : bytes) {
        crc ^= byte;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1U) != 0 ? kPolynomial : 0U);
        }
    }
    return ~crc;
}

/// The prefix for an address and the last byte of the id, of which three bits count.
std::uint32_t prefix_of(const net::IpAddress& ip, std::uint8_t last) noexcept {
    std::array<std::uint8_t, 8> masked{};
    const std::size_t size = ip.is_v4() ? kMaskV4.size() : kMaskV6.size();
    const std::uint8_t* const mask = ip.is_v4() ? kMaskV4.data() : kMaskV6.data();
    for (std::size_t i = 0; i < size; ++i) {
        masked[i] = std::to_integer<std::uint8_t>(ip.bytes()[i]) & mask[i];
    }
    masked[0] = static_cast<std::uint8_t>(masked[0] | ((last & 7U) << 5));
    return crc32c(std::span(masked).first(size)) & kDecidedBits;
}

std::uint32_t leading_word(const NodeId& id) noexcept { return base::ByteReader(id.bytes).u32(); }

}  // namespace

NodeId make_secure_id(const net::IpAddress& ip, base::Rng& rng) noexcept {
    NodeId id = random_id(rng);
    const std::uint32_t prefix = prefix_of(ip, std::to_integer<std::uint8_t>(id.bytes.back()));
    const std::uint32_t word = prefix | (leading_word(id) & ~kDecidedBits);
    base::ByteWriter(id.bytes).u32(word);
    return id;
}

bool is_secure_id(const NodeId& id, const net::IpAddress& ip) noexcept {
    return is_local(ip) || (leading_word(id) & kDecidedBits) ==
                               prefix_of(ip, std::to_integer<std::uint8_t>(id.bytes.back()));
}

}  // namespace qe::dht
