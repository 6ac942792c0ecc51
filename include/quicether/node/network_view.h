// SPDX-License-Identifier: Apache-2.0
//
// NetworkView: the underlay as this host sees it, and the choice of a source address from it.
//
// A snapshot the shell takes over netlink (or the simulator makes up): interfaces with their
// addresses, and unicast routes. The core chooses local addresses itself, so that a path is always
// one (local address, remote address) pair and roaming is noticed as a changed choice.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quicether/net/ip_address.h"

namespace qe::node {

struct Interface {
    std::uint32_t index = 0;
    std::string name;
    bool up = false;  ///< Administratively up and with carrier.
    bool loopback = false;
    std::uint32_t mtu = 0;               ///< Bytes
    std::vector<net::Prefix> addresses;  ///< Usable ones (not tentative, not deprecated).
};

struct UnderlayRoute {
    net::Prefix destination;  ///< /0 for a default route
    std::uint32_t interface_index = 0;
    std::uint32_t metric = 0;              ///< Lower wins.
    std::optional<net::IpAddress> source;  ///< Preferred source of the route, if it names one.
};

struct NetworkView {
    std::vector<Interface> interfaces;
    std::vector<UnderlayRoute> routes;

    [[nodiscard]] const Interface* find_interface(std::uint32_t index) const noexcept;
    /// The interface that is up and has exactly this address; nullptr when none has.
    [[nodiscard]] const Interface* find_interface(const net::IpAddress& address) const noexcept;
    [[nodiscard]] bool has_address(const net::IpAddress& address) const noexcept {
        return find_interface(address) != nullptr;
    }
};

/// The local address the kernel would send from to `remote`: longest matching route of an interface
/// that is up, then lowest metric; its preferred source, else the interface's address in the
/// remote's subnet, else its first of the family and scope. Nothing when there is no route.
[[nodiscard]] std::optional<net::IpAddress> choose_source(const NetworkView& view,
                                                          const net::SocketAddress& remote);

/// The same for a packet that is to leave by the interface `index`, whatever other interfaces have
/// the better route.
[[nodiscard]] std::optional<net::IpAddress> choose_source_on(const NetworkView& view,
                                                             std::uint32_t index,
                                                             const net::SocketAddress& remote);

}  // namespace qe::node
