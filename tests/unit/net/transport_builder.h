// SPDX-License-Identifier: Apache-2.0
//
// Builds TCP and UDP packets for tests, with complete checksums, and checks checksums.
//
// Like packet_builder.h it writes bytes in the order of the RFCs' diagrams and shares no offsets
// with the code under test.
#pragma once

#include <algorithm>

#include "packet_builder.h"
#include "quicether/net/offload.h"
#include "quicether/net/segment_cutter.h"

namespace qe::net::test {

struct TcpFields {
    std::uint16_t source_port = 1000;
    std::uint16_t destination_port = 2000;
    std::uint32_t sequence = 1;
    std::uint32_t acknowledgement = 7;
    std::uint8_t flags = 0x10;  ///< ACK
    std::uint16_t window = 512;
    std::uint16_t urgent = 0;
    base::Bytes options = hex("0101080a0000000100000002");
};

inline constexpr std::uint8_t kTcpNumber = 6;
inline constexpr std::uint8_t kUdpNumber = 17;

/// Payload that tells every byte's place in a stream.
inline base::Bytes stream_bytes(std::size_t from, std::size_t size) {
    base::Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::byte>((from + i) * 31 + (from + i) / 256);
    }
    return bytes;
}

/// `segment` with its checksum as the transport protocol wants it, in an IP packet.
inline base::Bytes make_transport(PacketOptions options, std::uint8_t protocol,
                                  base::Bytes segment) {
    options.protocol = protocol;
    const std::uint16_t checksum =
        transport_checksum(ip(options.source), ip(options.destination), protocol, segment);
    base::ByteWriter(base::MutableBytes(segment).subspan(protocol == kTcpNumber ? 16 : 6))
        .u16(checksum);
    return make_packet(options, segment);
}

inline base::Bytes tcp_segment(const TcpFields& fields, base::ByteView payload) {
    base::Bytes segment(20 + fields.options.size() + payload.size());
    base::ByteWriter writer(segment);
    writer.u16(fields.source_port);
    writer.u16(fields.destination_port);
    writer.u32(fields.sequence);
    writer.u32(fields.acknowledgement);
    writer.u8(static_cast<std::uint8_t>((5 + fields.options.size() / 4) << 4));
    writer.u8(fields.flags);
    writer.u16(fields.window);
    writer.u16(0);
    writer.u16(fields.urgent);
    writer.bytes(fields.options);
    writer.bytes(payload);
    return segment;
}

inline base::Bytes make_tcp(const PacketOptions& options, const TcpFields& fields,
                            base::ByteView payload) {
    return make_transport(options, kTcpNumber, tcp_segment(fields, payload));
}

inline base::Bytes make_udp(const PacketOptions& options, std::uint16_t source_port,
                            base::ByteView payload) {
    base::Bytes segment(8 + payload.size());
    base::ByteWriter writer(segment);
    writer.u16(source_port);
    writer.u16(2000);
    writer.u16(static_cast<std::uint16_t>(segment.size()));
    writer.u16(0);
    writer.bytes(payload);
    return make_transport(options, kUdpNumber, segment);
}

inline std::uint16_t u16_at(base::ByteView bytes, std::size_t at) {
    return base::ByteReader(bytes.subspan(at)).u16();
}
inline std::uint32_t u32_at(base::ByteView bytes, std::size_t at) {
    return base::ByteReader(bytes.subspan(at)).u32();
}

inline bool is_ipv4(base::ByteView packet) { return (packet[0] >> 4) == std::byte{4}; }

/// The IPv4 identification, with a right header checksum.
inline void set_id(base::MutableBytes packet, std::uint16_t id) {
    base::ByteWriter(packet.subspan(4)).u16(id);
    base::ByteWriter(packet.subspan(10)).u16(0);
    base::ByteWriter(packet.subspan(10)).u16(internet_checksum(packet.first(20)));
}

/// Whether the IPv4 header checksum, if any, and the transport checksum are right.
inline bool checksums_hold(base::ByteView packet, std::size_t transport_offset,
                           std::uint8_t protocol) {
    const std::size_t width = is_ipv4(packet) ? 4 : 16;
    const auto addresses = packet.subspan(is_ipv4(packet) ? 12 : 8);
    const auto segment = packet.subspan(transport_offset);
    const ChecksumSum sum =
        pseudo_header_sum(IpAddress::from_bytes(addresses.first(width)),
                          IpAddress::from_bytes(addresses.subspan(width, width)), protocol,
                          segment.size()) +
        checksum_sum(segment);
    return checksum_fold(sum) == 0xffff &&
           (!is_ipv4(packet) || internet_checksum(packet.first(20)) == 0);
}

/// `packet` with the pseudo-header's sum of itself, as the device wants it.
inline base::Bytes begun(base::Bytes packet, std::size_t offset, std::uint8_t protocol) {
    const std::size_t width = is_ipv4(packet) ? 4 : 16;
    const auto addresses = base::ByteView(packet).subspan(width == 4 ? 12 : 8);
    const auto sum = pseudo_header_sum(IpAddress::from_bytes(addresses.first(width)),
                                       IpAddress::from_bytes(addresses.subspan(width, width)),
                                       protocol, packet.size() - offset);
    base::ByteWriter(base::MutableBytes(packet).subspan(offset + (protocol == 6 ? 16 : 6)))
        .u16(checksum_fold(sum));
    return packet;
}

/// The segment's bytes in one run, as they are.
inline base::Bytes joined(const Segment& segment) {
    base::Bytes bytes(segment.header.begin(), segment.header.end());
    bytes.insert(bytes.end(), segment.payload.begin(), segment.payload.end());
    return bytes;
}

}  // namespace qe::net::test
