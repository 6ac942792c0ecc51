// SPDX-License-Identifier: Apache-2.0
//
// rtnetlink messages (rtnetlink(7)) to and from our records, without any socket.
//
// Requests are written into a NetlinkRequest, a buffer on the caller's stack. Parsers take what a
// dump delivers and return nothing for records that do not concern this daemon.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <linux/netlink.h>

#include "host/host_network.h"

namespace qe::host {

class NetlinkRequest {
  public:
    /// Starts a message of `type` (RTM_…); `flags` (NLM_F_…) besides NLM_F_REQUEST.
    NetlinkRequest(std::uint16_t type, std::uint16_t flags) noexcept;

    [[nodiscard]] nlmsghdr* header() noexcept;

  private:
    alignas(nlmsghdr) std::array<std::byte, 1024> buffer_{};
};

/// A dump of all links, addresses (both families) or routes (both families).
[[nodiscard]] NetlinkRequest make_link_dump() noexcept;
[[nodiscard]] NetlinkRequest make_address_dump() noexcept;
[[nodiscard]] NetlinkRequest make_route_dump() noexcept;

/// The address with its prefix length. IPv6 skips duplicate address detection (IFA_F_NODAD), so
/// that it can be bound at once: it is derived from the node's key and the link has one host.
[[nodiscard]] NetlinkRequest make_address_add(std::uint32_t interface_index,
                                              const net::Prefix& address) noexcept;
[[nodiscard]] NetlinkRequest make_address_delete(std::uint32_t interface_index,
                                                 const net::Prefix& address) noexcept;

/// A route of ours through an interface, in the main table. Adding replaces nothing: an equal route
/// of somebody else is kExists.
[[nodiscard]] NetlinkRequest make_route_add(std::uint32_t interface_index,
                                            const net::Prefix& destination) noexcept;
[[nodiscard]] NetlinkRequest make_route_delete(const RouteRecord& route) noexcept;

[[nodiscard]] NetlinkRequest make_link_mtu(std::uint32_t interface_index,
                                           std::uint32_t mtu_bytes) noexcept;
/// How many packets may wait in the device (IFLA_TXQLEN).
[[nodiscard]] NetlinkRequest make_link_queue(std::uint32_t interface_index,
                                             std::uint32_t packets) noexcept;
[[nodiscard]] NetlinkRequest make_link_up(std::uint32_t interface_index) noexcept;
/// No link-local address of the kernel's making: it would only send router solicitations.
[[nodiscard]] NetlinkRequest make_link_without_autoconf(std::uint32_t interface_index) noexcept;

[[nodiscard]] std::optional<LinkRecord> parse_link(const nlmsghdr& message);
[[nodiscard]] std::optional<AddressRecord> parse_address(const nlmsghdr& message);
/// One record for each next hop; empty for anything but unicast in the main table.
[[nodiscard]] std::vector<RouteRecord> parse_route(const nlmsghdr& message);

}  // namespace qe::host
