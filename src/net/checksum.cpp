// SPDX-License-Identifier: Apache-2.0
#include "quicether/net/checksum.h"

#include <bit>
#include <cstring>

#include "net/header_fields.h"
#include "net/partial_checksum.h"
#include "quicether/base/assert.h"

namespace qe::net {

namespace {

constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::size_t kLanes = 4;

std::uint64_t load(const std::byte* at) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, at, kWord);
    return word;
}

/// One's complement addition of 64-bit words: the carry comes back in at the bottom.
std::uint64_t add(std::uint64_t a, std::uint64_t b) noexcept {
    const std::uint64_t sum = a + b;
    return sum + (sum < b ? 1U : 0U);
}

std::uint16_t fold64(std::uint64_t sum) noexcept {
    sum = (sum & 0xffffffffU) + (sum >> 32);
    sum = (sum & 0xffffffffU) + (sum >> 32);
    return checksum_fold(static_cast<ChecksumSum>(sum));
}

/// Words were added in host order: RFC 1071, 2 (B) allows that, the result is only byte-swapped.
ChecksumSum to_host(std::uint16_t folded) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        return static_cast<ChecksumSum>((folded & 0xffU) << 8 | folded >> 8);
    }
    return folded;
}

/// pseudo_header_sum() with the addresses where they stand in an IP packet, one after the other.
ChecksumSum packet_pseudo_sum(base::ByteView packet, std::uint8_t protocol,
                              std::size_t length_bytes) noexcept {
    QE_ASSERT(length_bytes <= 0xffffU);
    const auto addresses = version_of(packet) == 4 ? packet.subspan(ipv4::kSource, 8)
                                                   : packet.subspan(ipv6::kSource, 32);
    return checksum_sum(addresses) + protocol + static_cast<ChecksumSum>(length_bytes);
}

/// Zero means "no checksum" in UDP (RFC 768).
std::uint16_t finished(ChecksumSum sum, std::uint8_t protocol) noexcept {
    const auto checksum = static_cast<std::uint16_t>(~checksum_fold(sum));
    return checksum == 0 && protocol == protocol::kUdp ? std::uint16_t{0xffff} : checksum;
}

}  // namespace

ChecksumSum checksum_sum(base::ByteView bytes) noexcept {
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    std::array<std::uint64_t, kLanes> lanes{};  // independent, so that the carries overlap
    for (; left >= kLanes * kWord; at += kLanes * kWord, left -= kLanes * kWord) {
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            lanes[lane] = add(lanes[lane], load(at + lane * kWord));
        }
    }
    std::uint64_t sum = add(add(lanes[0], lanes[1]), add(lanes[2], lanes[3]));
    for (; left >= kWord; at += kWord, left -= kWord) {
        sum = add(sum, load(at));
    }
    if (left != 0) {
        std::uint64_t tail = 0;
        std::memcpy(&tail, at, left);
        sum = add(sum, tail);
    }
    return to_host(fold64(sum));
}

ChecksumSum pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                              std::uint8_t protocol, std::size_t length_bytes) noexcept {
    QE_ASSERT(source.family() == destination.family() && length_bytes <= 0xffffU);
    return checksum_sum(source.bytes()) + checksum_sum(destination.bytes()) + protocol +
           static_cast<ChecksumSum>(length_bytes);
}

std::uint16_t transport_checksum(const IpAddress& source, const IpAddress& destination,
                                 std::uint8_t protocol, base::ByteView segment) noexcept {
    const ChecksumSum sum =
        pseudo_header_sum(source, destination, protocol, segment.size()) + checksum_sum(segment);
    return finished(sum, protocol);
}

void begin_checksum(base::MutableBytes head, std::size_t transport_offset, std::uint8_t protocol,
                    std::size_t length_bytes) noexcept {
    const ChecksumSum sum = packet_pseudo_sum(head, protocol, length_bytes);
    put_u16(head.subspan(transport_offset), checksum_field(protocol), checksum_fold(sum));
}

void begin_checksum(base::MutableBytes packet, std::size_t transport_offset,
                    std::uint8_t protocol) noexcept {
    QE_ASSERT(transport_offset + checksum_field(protocol) + 2 <= packet.size());
    begin_checksum(packet, transport_offset, protocol, packet.size() - transport_offset);
}

void complete_checksum(base::MutableBytes packet, std::size_t transport_offset,
                       std::uint8_t protocol) noexcept {
    QE_ASSERT(transport_offset + checksum_field(protocol) + 2 <= packet.size());
    const auto segment = packet.subspan(transport_offset);
    put_u16(segment, checksum_field(protocol), 0);
    const ChecksumSum sum =
        packet_pseudo_sum(packet, protocol, segment.size()) + checksum_sum(segment);
    put_u16(segment, checksum_field(protocol), finished(sum, protocol));
}

}  // namespace qe::net
