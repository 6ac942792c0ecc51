// SPDX-License-Identifier: Apache-2.0
//
// IP packets of the simulated applications: whole headers and checksums around a transport segment,
// and back again. IPv4 without options and with DF set, IPv6 without extension headers (RFC 791,
// RFC 8200).
#pragma once

#include <cstdint>
#include <optional>

#include "quicether/base/bytes.h"
#include "quicether/net/packet.h"

namespace qe::sim {

inline constexpr std::uint8_t kProtocolIcmp = 1;
inline constexpr std::uint8_t kProtocolIcmp6 = 58;

struct IpHeader {
    net::IpAddress source;
    net::IpAddress destination;  ///< Of the same family.
    std::uint8_t protocol = 0;   ///< TCP, UDP, ICMP or ICMPv6.
    net::Ecn ecn = net::Ecn::NotEct;
};

/// Bytes of the IP header of a family.
[[nodiscard]] std::size_t ip_header_bytes(net::Family family) noexcept;

/// The packet around `segment`, a whole transport header with its payload, whose checksum is filled
/// in. Precondition: at most 65,535 bytes together.
[[nodiscard]] base::Bytes make_ip_packet(const IpHeader& header, base::ByteView segment);

/// A packet taken apart; views into it.
struct OpenedPacket {
    net::PacketFacts facts;
    base::ByteView segment;
};
/// Nothing when the packet is malformed or a checksum is wrong.
[[nodiscard]] std::optional<OpenedPacket> open_ip_packet(base::ByteView packet) noexcept;

}  // namespace qe::sim
