// SPDX-License-Identifier: Apache-2.0
//
// IP packets made by hand, as the other end of a TUN device would send them.
#pragma once

#include <algorithm>
#include <array>

#include <netinet/in.h>

#include "host/tun_device.h"
#include "quicether/net/checksum.h"
#include "quicether/net/packet.h"

namespace qe::host {

/// A whole packet with a partial checksum, as one or as a super-packet.
struct Crafted {
    base::Bytes bytes;
    net::Offload offload;
    std::uint8_t protocol;

    [[nodiscard]] base::ByteView view() const { return bytes; }
    void complete() {
        net::complete_checksum(bytes, offload.transport_offset, protocol);
        offload = {};
    }
    void write_to(TunDevice& tun) const {
        const std::array parts = {view()};
        const net::TunFrame frame{parts, bytes.size(), offload};
        tun.write_batch({&frame, 1});
    }
};

inline void put16(base::MutableBytes bytes, std::size_t at, std::size_t value) {
    bytes[at] = static_cast<std::byte>(value >> 8);
    bytes[at + 1] = static_cast<std::byte>(value);
}

inline base::Bytes ip_header(const net::IpAddress& from, const net::IpAddress& to,
                             std::uint8_t protocol, std::size_t length) {
    const bool v4 = from.is_v4();
    base::Bytes header(v4 ? net::kIpv4HeaderMin : net::kIpv6Header);
    header[0] = v4 ? std::byte{0x45} : std::byte{0x60};
    header[v4 ? 8 : 7] = std::byte{64};
    header[v4 ? 9 : 6] = static_cast<std::byte>(protocol);
    put16(header, v4 ? 2 : 4, v4 ? header.size() + length : length);
    std::ranges::copy(from.bytes(), header.begin() + (v4 ? 12 : 8));
    std::ranges::copy(to.bytes(), header.begin() + (v4 ? 16 : 24));
    if (v4) {
        put16(header, 10, net::internet_checksum(header));
    }
    return header;
}

/// `segment` is the transport header, its ports not yet set, and the payload.
inline Crafted craft(const net::SocketAddress& from, const net::SocketAddress& to,
                     std::uint8_t protocol, const base::Bytes& segment) {
    Crafted packet{ip_header(from.ip, to.ip, protocol, segment.size()), {}, protocol};
    const std::size_t at = packet.bytes.size();
    packet.bytes.insert(packet.bytes.end(), segment.begin(), segment.end());
    put16(packet.bytes, at, from.port);
    put16(packet.bytes, at + 2, to.port);
    net::begin_checksum(packet.bytes, at, protocol);
    packet.offload.checksum_partial = true;
    packet.offload.transport_offset = static_cast<std::uint16_t>(at);
    return packet;
}

inline Crafted make_udp(const net::SocketAddress& from, const net::SocketAddress& to,
                        base::ByteView payload) {
    base::Bytes segment(8);
    put16(segment, 4, 8 + payload.size());
    segment.insert(segment.end(), payload.begin(), payload.end());
    return craft(from, to, IPPROTO_UDP, segment);
}

struct TcpFields {
    std::uint32_t sequence = 0;
    std::uint32_t acknowledged = 0;
    std::uint8_t flags = 0;
};
inline constexpr std::uint8_t kSynAck = 0x12;
inline constexpr std::uint8_t kPushAck = 0x18;

inline Crafted make_tcp(const net::SocketAddress& from, const net::SocketAddress& to,
                        const TcpFields& fields, base::ByteView payload) {
    base::Bytes segment(20);
    for (std::size_t i = 0; i < 4; ++i) {
        segment[4 + i] = static_cast<std::byte>(fields.sequence >> (24 - 8 * i));
        segment[8 + i] = static_cast<std::byte>(fields.acknowledged >> (24 - 8 * i));
    }
    segment[12] = std::byte{0x50};
    segment[13] = static_cast<std::byte>(fields.flags);
    put16(segment, 14, 0xffff);
    segment.insert(segment.end(), payload.begin(), payload.end());
    return craft(from, to, IPPROTO_TCP, segment);
}

inline std::uint32_t sequence_of(const net::TunPacket& tcp, std::size_t transport) {
    std::uint32_t sequence = 0;
    for (const std::byte byte : tcp.bytes.subspan(transport + 4, 4)) {
        sequence = sequence << 8 | std::to_integer<std::uint32_t>(byte);
    }
    return sequence;
}

}  // namespace qe::host
