// SPDX-License-Identifier: Apache-2.0
#include "quicether/net/packet.h"

#include <cstring>

#include "net/header_fields.h"
#include "quicether/net/checksum.h"

namespace qe::net {

namespace {

using base::ByteView;
using base::ErrorCode;

constexpr unsigned kIpv4Version = 4;
constexpr unsigned kIpv6Version = 6;
constexpr std::size_t kPortsSize = 4;
constexpr std::uint8_t kEcnMask = 3;

/// What the header announces, or 0 when it is not whole or contradicts itself.
std::size_t announced_size(ByteView bytes) noexcept {
    if (bytes.size() >= kIpv4HeaderMin && version_of(bytes) == kIpv4Version) {
        const std::size_t header = ipv4_header_size(bytes);
        const std::size_t total = get_u16(bytes, ipv4::kTotalLength);
        return header < kIpv4HeaderMin || total < header ? 0 : total;
    }
    if (bytes.size() >= kIpv6Header && version_of(bytes) == kIpv6Version) {
        return kIpv6Header + get_u16(bytes, ipv6::kPayloadLength);
    }
    return 0;
}

/// Why packet_size() has none to tell. Apart from it: every packet passes there.
[[gnu::cold, gnu::noinline]] tl::unexpected<base::Error> explain_size(ByteView bytes) noexcept {
    if (bytes.empty()) {
        return base::fail(ErrorCode::kTruncated, "no packet");
    }
    const unsigned version = version_of(bytes);
    if (version != kIpv4Version && version != kIpv6Version) {
        return base::fail(ErrorCode::kMalformed, "neither IPv4 nor IPv6");
    }
    if (bytes.size() < (version == kIpv4Version ? kIpv4HeaderMin : kIpv6Header)) {
        return base::fail(ErrorCode::kTruncated, "IP header is cut");
    }
    if (announced_size(bytes) == 0) {
        return base::fail(ErrorCode::kMalformed, "IPv4 lengths contradict each other");
    }
    return base::fail(ErrorCode::kTruncated, "packet is cut");
}

IpAddress ipv4_address(ByteView bytes, std::size_t at) noexcept {
    return IpAddress::v4(get_u32(bytes, at));
}

IpAddress ipv6_address(ByteView bytes, std::size_t at) noexcept {
    std::array<std::byte, 16> address{};
    std::memcpy(address.data(), bytes.data() + at, address.size());
    return IpAddress::v6(address);
}

bool protocol_has_ports(std::uint8_t protocol) noexcept {
    switch (protocol) {
        case protocol::kTcp:
        case protocol::kUdp:
        case protocol::kDccp:
        case protocol::kSctp:
        case protocol::kUdpLite:
            return true;
        default:
            return false;
    }
}

std::uint64_t mix(std::uint64_t hash, std::uint64_t word) noexcept {
    hash = (hash ^ word) * 0x9e3779b97f4a7c15U;
    return hash ^ (hash >> 32);
}

std::uint64_t load64(ByteView bytes, std::size_t at) noexcept {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof(word));
    return word;
}

/// Both addresses follow the source offset directly in either family.
std::uint32_t hash_flow(ByteView bytes, const PacketFacts& facts) noexcept {
    std::uint64_t hash = std::uint64_t{facts.source_port} << 24 |
                         std::uint64_t{facts.destination_port} << 8 | facts.protocol;
    if (facts.family() == Family::V4) {
        hash = mix(hash, load64(bytes, ipv4::kSource));
    } else {
        for (std::size_t at = ipv6::kSource; at < kIpv6Header; at += sizeof(std::uint64_t)) {
            hash = mix(hash, load64(bytes, at));
        }
    }
    return static_cast<std::uint32_t>(mix(hash, 0) >> 16);
}

void read_ports(ByteView bytes, PacketFacts& facts) noexcept {
    if (facts.is_fragment || !protocol_has_ports(facts.protocol) ||
        bytes.size() < facts.header_size + kPortsSize) {
        return;
    }
    facts.has_ports = true;
    facts.source_port = get_u16(bytes, facts.header_size);
    facts.destination_port = get_u16(bytes, facts.header_size + 2);
}

void read_ipv4(ByteView bytes, PacketFacts& facts) noexcept {
    const std::uint16_t fragment = get_u16(bytes, ipv4::kFragment);
    facts.source = ipv4_address(bytes, ipv4::kSource);
    facts.destination = ipv4_address(bytes, ipv4::kDestination);
    facts.header_size = ipv4_header_size(bytes);
    facts.protocol = get_u8(bytes, ipv4::kProtocol);
    facts.hop_limit = get_u8(bytes, ipv4::kTtl);
    facts.ecn = static_cast<Ecn>(get_u8(bytes, ipv4::kTrafficClass) & kEcnMask);
    facts.dont_fragment = (fragment & ipv4::kDontFragment) != 0;
    facts.is_fragment = (fragment & (ipv4::kMoreFragments | ipv4::kOffsetMask)) != 0;
}

void read_ipv6(ByteView bytes, PacketFacts& facts) noexcept {
    facts.source = ipv6_address(bytes, ipv6::kSource);
    facts.destination = ipv6_address(bytes, ipv6::kDestination);
    facts.header_size = kIpv6Header;
    facts.protocol = get_u8(bytes, ipv6::kNextHeader);
    facts.hop_limit = get_u8(bytes, ipv6::kHopLimit);
    facts.ecn = static_cast<Ecn>(get_u8(bytes, 1) >> 4 & kEcnMask);
    facts.dont_fragment = true;
    facts.is_fragment = facts.protocol == protocol::kFragment;
}

/// Changes one 16-bit word of an IPv4 header together with the header checksum.
void replace_ipv4_word(base::MutableBytes packet, std::size_t at, std::uint16_t value) noexcept {
    const std::uint16_t checksum = get_u16(packet, ipv4::kChecksum);
    put_u16(packet, ipv4::kChecksum, checksum_update(checksum, get_u16(packet, at), value));
    put_u16(packet, at, value);
}

}  // namespace

base::Result<std::size_t> packet_size(ByteView bytes) noexcept {
    const std::size_t size = announced_size(bytes);
    if (size == 0 || size > bytes.size()) {
        return explain_size(bytes);
    }
    return size;
}

base::Result<PacketFacts> parse_packet(ByteView bytes) noexcept {
    const std::size_t size = announced_size(bytes);
    if (size == 0 || size > bytes.size()) {
        return explain_size(bytes);
    }
    if (size != bytes.size()) {
        return base::fail(ErrorCode::kMalformed, "bytes behind the packet");
    }
    base::Result<PacketFacts> facts(tl::in_place);  // built where the caller reads it
    facts->total_size = size;
    if (version_of(bytes) == kIpv4Version) {
        read_ipv4(bytes, *facts);
    } else {
        read_ipv6(bytes, *facts);
    }
    read_ports(bytes, *facts);
    facts->flow_hash = hash_flow(bytes, *facts);
    return facts;
}

bool decrement_hop_limit(base::MutableBytes packet) noexcept {
    const bool is_v4 = version_of(packet) == kIpv4Version;
    const std::size_t at = is_v4 ? ipv4::kTtl : ipv6::kHopLimit;
    if (get_u8(packet, at) <= 1) {
        return false;
    }
    if (is_v4) {
        const auto lowered = static_cast<std::uint16_t>(get_u16(packet, ipv4::kTtl) - 0x100U);
        replace_ipv4_word(packet, ipv4::kTtl, lowered);
    } else {
        packet[at] = static_cast<std::byte>(get_u8(packet, at) - 1);
    }
    return true;
}

std::uint8_t dscp_of(base::ByteView packet) noexcept {
    // IPv4: the upper six bits of the second byte. IPv6: the class follows four bits of version.
    const unsigned shift = get_u8(packet, 0) >> 4 == 4 ? 2 : 6;
    return static_cast<std::uint8_t>(get_u16(packet, 0) >> shift & 0x3fU);
}

bool mark_congestion(base::MutableBytes packet) noexcept {
    const bool is_v4 = version_of(packet) == kIpv4Version;
    const unsigned shift = is_v4 ? 0 : 4;  // IPv6: ECN is bits 10 and 11 of the first word
    const auto ecn = static_cast<Ecn>(get_u8(packet, 1) >> shift & kEcnMask);
    if (ecn == Ecn::NotEct || ecn == Ecn::Ce) {
        return false;
    }
    const auto marked = static_cast<std::uint16_t>(get_u16(packet, 0) | kEcnMask << shift);
    if (is_v4) {
        replace_ipv4_word(packet, 0, marked);
    } else {
        put_u16(packet, 0, marked);
    }
    return true;
}

}  // namespace qe::net
