// SPDX-License-Identifier: Apache-2.0
//
// LAN discovery as the node and its shell exchange it: datagrams to and from multicast groups.
//
// The groups end at the local network: 239.255.81.69 lies in the administratively scoped local
// scope (RFC 2365, 6.1), ff12::5145 is a transient group of link-local scope (RFC 4291, 2.7). What
// is sent leaves with hop limit 1.
#pragma once

#include <array>
#include <cstdint>

#include "quicether/base/bytes.h"
#include "quicether/net/ip_address.h"

namespace qe::node {

/// UDP, where the groups' members listen.
inline constexpr std::uint16_t kLanPort = 19009;
inline constexpr net::IpAddress kLanGroup4 = net::IpAddress::v4(0xEFFF5145);
inline constexpr net::IpAddress kLanGroup6 = net::IpAddress::v6(
    {std::byte{0xff}, std::byte{0x12}, std::byte{}, std::byte{}, std::byte{}, std::byte{},
     std::byte{}, std::byte{}, std::byte{}, std::byte{}, std::byte{}, std::byte{}, std::byte{},
     std::byte{}, std::byte{0x51}, std::byte{0x45}});

/// To be sent once to the group of the source's family.
struct LanDatagram {
    std::uint32_t interface_index = 0;
    net::IpAddress source;  ///< One of the interface's addresses.
    base::Bytes bytes;
};

}  // namespace qe::node
