// SPDX-License-Identifier: Apache-2.0
//
// Ancillary data of UDP messages: what the kernel tells and is told beside the payload.
//
// Reading: local address (IP_PKTINFO, IPV6_PKTINFO), ECN (IP_TOS, IPV6_TCLASS), size of the
// segments that GRO joined (UDP_GRO), the kernel's drop count (SO_RXQ_OVFL). Writing: local
// address, ECN, size of the segments to cut (UDP_SEGMENT). Unknown messages are skipped. ip(7),
// ipv6(7), udp(7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include <sys/socket.h>

#include "quicether/net/datagram.h"

namespace qe::host {

/// Room for every message read or written here, with some to spare.
inline constexpr std::size_t kAncillaryBytes = 192;

struct ReceivedAncillary {
    std::optional<net::IpAddress> local;  ///< Where the datagram was sent to.
    std::uint32_t interface_index = 0;
    net::Ecn ecn = net::Ecn::NotEct;
    std::size_t segment_size = 0;               ///< Bytes; 0 when GRO joined nothing.
    std::optional<std::uint32_t> kernel_drops;  ///< Since the socket was opened, wraps.
};

[[nodiscard]] ReceivedAncillary parse_ancillary(const msghdr& message) noexcept;

struct SendAncillary {
    /// Left to the kernel when "any". A scope other than 0 makes the packet leave by the interface
    /// of that index, whatever the routes of others say (ip(7), IP_PKTINFO; RFC 3542, 6.7).
    net::SocketAddress local;
    net::Ecn ecn = net::Ecn::NotEct;
    std::uint16_t segment_size = 0;  ///< Bytes; 0: a single datagram.
};

/// Writes into `message.msg_control`, which must have kAncillaryBytes, and sets its length.
void put_ancillary(msghdr& message, const SendAncillary& ancillary) noexcept;

}  // namespace qe::host
