// SPDX-License-Identifier: Apache-2.0
#include "sim/traffic/ip_packet.h"

#include "quicether/base/assert.h"
#include "quicether/net/checksum.h"
#include "quicether/net/offload.h"

namespace qe::sim {
namespace {

constexpr std::uint8_t kHopLimit = 64;
constexpr std::size_t kIcmpChecksum = 2;

void write_v4(base::ByteWriter& out, const IpHeader& header, std::size_t total) {
    constexpr std::uint16_t kDontFragment = 0x4000;
    out.u8(0x45);
    out.u8(static_cast<std::uint8_t>(header.ecn));
    out.u16(static_cast<std::uint16_t>(total));
    out.u16(0);
    out.u16(kDontFragment);
    out.u8(kHopLimit);
    out.u8(header.protocol);
    out.u16(0);
    out.bytes(header.source.bytes());
    out.bytes(header.destination.bytes());
}

void write_v6(base::ByteWriter& out, const IpHeader& header, std::size_t payload) {
    constexpr std::uint32_t kVersion = 6U << 28;
    out.u32(kVersion | static_cast<std::uint32_t>(header.ecn) << 20);
    out.u16(static_cast<std::uint16_t>(payload));
    out.u8(header.protocol);
    out.u8(kHopLimit);
    out.bytes(header.source.bytes());
    out.bytes(header.destination.bytes());
}

void put_u16(base::MutableBytes bytes, std::size_t at, std::uint16_t value) {
    base::ByteWriter(bytes.subspan(at, 2)).u16(value);
}

std::size_t checksum_offset(std::uint8_t protocol) {
    const bool is_icmp = protocol == kProtocolIcmp || protocol == kProtocolIcmp6;
    return is_icmp ? kIcmpChecksum : net::checksum_field(protocol);
}

/// Over the segment and, but for ICMP of IPv4, the pseudo-header.
net::ChecksumSum whole_sum(const IpHeader& header, base::ByteView segment) {
    const net::ChecksumSum sum = net::checksum_sum(segment);
    return header.protocol == kProtocolIcmp
               ? sum
               : sum + net::pseudo_header_sum(header.source, header.destination, header.protocol,
                                              segment.size());
}

}  // namespace

std::size_t ip_header_bytes(net::Family family) noexcept {
    return family == net::Family::V4 ? net::kIpv4HeaderMin : net::kIpv6Header;
}

base::Bytes make_ip_packet(const IpHeader& header, base::ByteView segment) {
    const bool v4 = header.source.is_v4();
    const std::size_t header_size = ip_header_bytes(header.source.family());
    QE_ASSERT(header.destination.is_v4() == v4 &&
              header_size + segment.size() <= net::kPacketBytesMax);
    base::Bytes packet(header_size + segment.size());
    base::ByteWriter out(packet);
    if (v4) {
        write_v4(out, header, packet.size());
        put_u16(packet, 10, net::internet_checksum(base::ByteView(packet).first(header_size)));
    } else {
        write_v6(out, header, segment.size());
    }
    out.bytes(segment);
    const base::MutableBytes body = base::MutableBytes(packet).subspan(header_size);
    const std::size_t field = checksum_offset(header.protocol);
    put_u16(body, field, 0);
    auto sum = static_cast<std::uint16_t>(~net::checksum_fold(whole_sum(header, body)));
    if (sum == 0 && header.protocol == net::kProtocolUdp) {
        sum = 0xffff;
    }
    put_u16(body, field, sum);
    return packet;
}

std::optional<OpenedPacket> open_ip_packet(base::ByteView packet) noexcept {
    const auto facts = net::parse_packet(packet);
    if (!facts || facts->is_fragment) {
        return std::nullopt;
    }
    if (facts->source.is_v4() &&
        net::checksum_fold(net::checksum_sum(packet.first(facts->header_size))) != 0xffff) {
        return std::nullopt;
    }
    const base::ByteView segment = packet.subspan(facts->header_size);
    const IpHeader header{facts->source, facts->destination, facts->protocol, facts->ecn};
    if (net::checksum_fold(whole_sum(header, segment)) != 0xffff) {
        return std::nullopt;
    }
    return OpenedPacket{*facts, segment};
}

}  // namespace qe::sim
