// SPDX-License-Identifier: Apache-2.0
//
// ICMP and ICMPv6 messages in the shape of an echo, for tests.
#pragma once

#include <cstdint>

#include "quicether/base/bytes.h"
#include "quicether/net/checksum.h"
#include "quicether/net/ip_address.h"
#include "support/packets.h"

namespace qe::sim::test {

inline constexpr std::uint16_t kIdentifier = 0x1234;

/// With right checksums, whatever the type.
inline base::Bytes icmp_message(const net::IpAddress& source, const net::IpAddress& destination,
                                std::uint8_t type) {
    base::Bytes packet = qe::testing::make_udp_packet({source, destination, 80});
    const base::MutableBytes bytes(packet);
    const bool is_v4 = source.is_v4();
    bytes[is_v4 ? 9 : 6] = is_v4 ? std::byte{1} : std::byte{58};
    if (is_v4) {
        base::ByteWriter(bytes.subspan(10)).u16(0);
        base::ByteWriter(bytes.subspan(10)).u16(net::internet_checksum(bytes.first(20)));
    }
    const base::MutableBytes message = bytes.subspan(is_v4 ? 20 : 40);
    base::ByteWriter writer(message);
    writer.u8(type);
    writer.u8(0);
    writer.u16(0);
    writer.u16(kIdentifier);
    writer.u16(1);
    const std::uint16_t sum = is_v4 ? net::internet_checksum(message)
                                    : net::transport_checksum(source, destination, 58, message);
    base::ByteWriter(message.subspan(2)).u16(sum);
    return packet;
}

inline base::Bytes echo_request(const net::IpAddress& source, const net::IpAddress& destination) {
    return icmp_message(source, destination, source.is_v4() ? 8 : 128);
}

}  // namespace qe::sim::test
