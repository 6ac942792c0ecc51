// SPDX-License-Identifier: Apache-2.0
//
// Builds IP packets for tests, with right checksums.
//
// A builder of its own, so that the code under test is not checked with itself: it writes bytes in
// the order of the RFCs' header diagrams and knows nothing of packet.h.
#pragma once

#include <cstdint>
#include <string_view>

#include "quicether/base/bytes.h"
#include "quicether/net/checksum.h"
#include "quicether/net/ip_address.h"

namespace qe::net::test {

struct PacketOptions {
    std::string_view source = "10.0.0.1";
    std::string_view destination = "10.0.0.2";
    std::uint8_t protocol = 17;
    std::uint8_t hop_limit = 64;
    std::uint8_t traffic_class = 0;
    std::uint16_t fragment_word = 0;  ///< IPv4 flags and offset.
    std::size_t ipv4_options = 0;     ///< Bytes, a multiple of 4; no-operation options.
};

inline IpAddress ip(std::string_view text) { return parse_ip_address(text).value(); }

inline base::Bytes hex(std::string_view digits) {
    base::Bytes bytes(digits.size() / 2);
    return base::from_hex(digits, bytes) ? bytes : base::Bytes{};
}

inline base::Bytes make_ipv4(const PacketOptions& options, base::ByteView payload) {
    const std::size_t header = 20 + options.ipv4_options;
    base::Bytes packet(header + payload.size(), std::byte{1});
    base::ByteWriter writer(packet);
    writer.u8(static_cast<std::uint8_t>(0x40 + header / 4));
    writer.u8(options.traffic_class);
    writer.u16(static_cast<std::uint16_t>(packet.size()));
    writer.u16(0x1234);
    writer.u16(options.fragment_word);
    writer.u8(options.hop_limit);
    writer.u8(options.protocol);
    writer.u16(0);
    writer.bytes(ip(options.source).bytes());
    writer.bytes(ip(options.destination).bytes());
    base::ByteWriter(base::MutableBytes(packet).subspan(header)).bytes(payload);
    base::ByteWriter(base::MutableBytes(packet).subspan(10))
        .u16(internet_checksum(base::ByteView(packet).first(header)));
    return packet;
}

inline base::Bytes make_ipv6(const PacketOptions& options, base::ByteView payload) {
    base::Bytes packet(40 + payload.size());
    base::ByteWriter writer(packet);
    writer.u32(0x60000000U | std::uint32_t{options.traffic_class} << 20 | 0xabcdeU);
    writer.u16(static_cast<std::uint16_t>(payload.size()));
    writer.u8(options.protocol);
    writer.u8(options.hop_limit);
    writer.bytes(ip(options.source).bytes());
    writer.bytes(ip(options.destination).bytes());
    writer.bytes(payload);
    return packet;
}

/// By the family of `options.source`.
inline base::Bytes make_packet(const PacketOptions& options, base::ByteView payload) {
    return ip(options.source).is_v4() ? make_ipv4(options, payload) : make_ipv6(options, payload);
}

/// A packet of exactly `size` bytes (at least its headers) with a recognisable payload.
inline base::Bytes make_sized_packet(std::size_t size, const PacketOptions& options = {}) {
    const std::size_t header = ip(options.source).is_v4() ? 20 : 40;
    base::Bytes payload(size - header);
    for (std::size_t i = 0; i < payload.size(); ++i) {
        payload[i] = static_cast<std::byte>(i * 7 + size);
    }
    return make_packet(options, payload);
}

inline PacketOptions ipv6_options() {
    PacketOptions options;
    options.source = "fd00::1";
    options.destination = "fd00::2";
    return options;
}

}  // namespace qe::net::test
