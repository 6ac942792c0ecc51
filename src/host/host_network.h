// SPDX-License-Identifier: Apache-2.0
//
// HostNetwork: the kernel's interfaces, addresses and routes, as netlink tells them.
//
// Plain values; what the node sees of them (NetworkView) and what they forbid (overlap.h) are pure
// functions of them. Only unicast routes of the main table are kept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quicether/net/ip_address.h"
#include "quicether/node/network_view.h"

namespace qe::host {

/// rtm_protocol of every route this daemon makes; `ip route` shows the number. From the range that
/// rtnetlink(7) leaves to user space, unused by iproute2's rt_protos.
inline constexpr std::uint8_t kRouteProtocol = 157;

struct LinkRecord {
    std::uint32_t index = 0;
    std::string name;
    std::uint32_t mtu = 0;  ///< Bytes
    bool up = false;        ///< IFF_UP
    bool carrier = false;   ///< IFF_LOWER_UP
    bool loopback = false;
    std::uint32_t queue_packets = 0;  ///< That may wait in the device.

    friend bool operator==(const LinkRecord&, const LinkRecord&) = default;
};

struct AddressRecord {
    std::uint32_t interface_index = 0;
    net::Prefix prefix;  ///< The local address with the length of its network.
    bool usable = true;  ///< Neither tentative nor deprecated nor a failed duplicate.

    friend bool operator==(const AddressRecord&, const AddressRecord&) = default;
};

struct RouteRecord {
    net::Prefix destination;
    std::uint32_t interface_index = 0;
    std::uint32_t metric = 0;
    std::uint8_t protocol = 0;
    bool has_gateway = false;  ///< False: the network is directly connected.
    std::optional<net::IpAddress> source;

    friend bool operator==(const RouteRecord&, const RouteRecord&) = default;
};

struct HostNetwork {
    std::vector<LinkRecord> links;
    std::vector<AddressRecord> addresses;
    std::vector<RouteRecord> routes;

    [[nodiscard]] const LinkRecord* find_link(std::uint32_t index) const noexcept;
    /// The interface's name, or "interface 7" for one that is not there (any more).
    [[nodiscard]] std::string link_name(std::uint32_t index) const;

    friend bool operator==(const HostNetwork&, const HostNetwork&) = default;
};

/// The underlay: everything but the TUN device and routes of ours, sorted so that equal networks
/// give equal views.
[[nodiscard]] node::NetworkView to_network_view(const HostNetwork& network,
                                                std::uint32_t tun_index);

[[nodiscard]] bool same_view(const node::NetworkView& a, const node::NetworkView& b) noexcept;

/// Routes with our protocol number through no interface, or one without carrier: left by a daemon
/// that is gone (a live one's TUN device always has carrier).
[[nodiscard]] std::vector<RouteRecord> find_leftover_routes(const HostNetwork& network);

}  // namespace qe::host
