// SPDX-License-Identifier: Apache-2.0
#include "sim/ip_stack.h"

#include <algorithm>

#include "quicether/net/checksum.h"
#include "quicether/net/packet.h"
#include "quicether/net/segment_cutter.h"

namespace qe::sim {
namespace {

constexpr std::uint8_t kProtocolIcmp = 1;
constexpr std::uint8_t kProtocolIcmpV6 = 58;
constexpr std::size_t kIcmpHeader = 8;
constexpr std::size_t kIcmpChecksum = 2;
constexpr std::size_t kIcmpIdentifier = 4;
constexpr std::uint8_t kHopLimit = 64;

struct EchoTypes {
    std::uint8_t protocol;
    std::byte request;
    std::byte reply;
};
constexpr EchoTypes kEchoV4{kProtocolIcmp, std::byte{8}, std::byte{0}};
constexpr EchoTypes kEchoV6{kProtocolIcmpV6, std::byte{128}, std::byte{129}};

const EchoTypes& echo_types(net::Family family) {
    return family == net::Family::V4 ? kEchoV4 : kEchoV6;
}

bool is_whole_icmp(const net::PacketFacts& facts) {
    return facts.protocol == echo_types(facts.family()).protocol && !facts.is_fragment &&
           facts.total_size >= facts.header_size + kIcmpHeader;
}

void put_u16(base::MutableBytes at, std::uint16_t value) { base::ByteWriter(at).u16(value); }

void complete_ipv4(base::MutableBytes header) {
    constexpr std::size_t kTtl = 8;
    constexpr std::size_t kChecksum = 10;
    header[kTtl] = std::byte{kHopLimit};
    put_u16(header.subspan(kChecksum), 0);
    put_u16(header.subspan(kChecksum), net::internet_checksum(header));
}

void complete_icmp(const net::PacketFacts& facts, base::MutableBytes message) {
    put_u16(message.subspan(kIcmpChecksum), 0);
    const std::uint16_t sum =
        facts.source.is_v4()
            ? net::internet_checksum(message)
            : net::transport_checksum(facts.destination, facts.source, kProtocolIcmpV6, message);
    put_u16(message.subspan(kIcmpChecksum), sum);
}

void swap_addresses(const net::PacketFacts& facts, base::MutableBytes packet) {
    const bool is_v4 = facts.source.is_v4();
    const auto source = packet.subspan(is_v4 ? 12 : 8, is_v4 ? 4 : 16);
    std::swap_ranges(source.begin(), source.end(), source.end());
}

}  // namespace

std::optional<FlowKey> flow_of(base::ByteView packet) {
    const auto facts = net::parse_packet(packet);
    if (!facts) {
        return std::nullopt;
    }
    if (facts->has_ports) {
        return FlowKey{facts->protocol, facts->destination_port};
    }
    if (is_whole_icmp(*facts) && packet[facts->header_size] == echo_types(facts->family()).reply) {
        base::ByteReader identifier(packet.subspan(facts->header_size + kIcmpIdentifier));
        return FlowKey{facts->protocol, identifier.u16()};
    }
    return std::nullopt;
}

std::optional<base::Bytes> make_echo_reply(base::ByteView packet) {
    const auto facts = net::parse_packet(packet);
    if (!facts || !is_whole_icmp(*facts)) {
        return std::nullopt;
    }
    const EchoTypes& types = echo_types(facts->family());
    if (packet[facts->header_size] != types.request) {
        return std::nullopt;
    }
    base::Bytes reply(packet.begin(), packet.end());
    const base::MutableBytes bytes(reply);
    const base::MutableBytes message = bytes.subspan(facts->header_size);
    swap_addresses(*facts, bytes);
    message[0] = types.reply;
    complete_icmp(*facts, message);
    if (facts->source.is_v4()) {
        complete_ipv4(bytes.first(facts->header_size));
    } else {
        constexpr std::size_t kHopLimitAt = 7;
        reply[kHopLimitAt] = std::byte{kHopLimit};
    }
    return reply;
}

bool cut_packet(base::ByteView packet, const net::Offload& offload,
                const std::function<void(base::ByteView)>& take) {
    if (offload == net::Offload{}) {
        take(packet);
        return true;
    }
    const auto facts = net::parse_packet(packet);
    auto cutter = net::SegmentCutter::make(packet, offload);
    if (!facts || !cutter) {
        return false;
    }
    base::Bytes whole;
    while (!cutter->done()) {
        const net::Segment segment = cutter->next(net::kPacketBytesMax);
        whole.assign(segment.header.begin(), segment.header.end());
        whole.insert(whole.end(), segment.payload.begin(), segment.payload.end());
        if (segment.checksum_partial) {
            net::complete_checksum(whole, offload.transport_offset, facts->protocol);
        }
        take(whole);
    }
    return true;
}

}  // namespace qe::sim
