// SPDX-License-Identifier: Apache-2.0
//
// Overlay addresses that follow from a NodeId, so that nodes need not ask anyone for one.
//
// IPv6: the network's ULA /48 (RFC 4193) and the first 80 bits of the NodeId. IPv4: a host of the
// network's prefix, drawn from a hash of the NodeId and an attempt number; two nodes may draw the
// same, then the one with the smaller NodeId keeps it and the other takes its next attempt. Who
// decides that is not here. The exact formula and test vectors: docs/protocol/overlay.md.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/net/ip_address.h"

namespace qe::route {

inline constexpr std::size_t kNodeIdSize = 20;
inline constexpr unsigned kOverlayIpv6PrefixLength = 48;
/// A network needs room for two hosts besides its network and broadcast addresses.
inline constexpr unsigned kOverlayIpv4PrefixLengthMax = 30;

/// fd71:7569:6365::/48, the network of peers that are configured by hand.
[[nodiscard]] net::Prefix default_overlay_ipv6_network() noexcept;

/// `node_id` has kNodeIdSize bytes (asserted). Errors: kBadPrefix (`network` is no IPv6 /48).
[[nodiscard]] base::Result<net::IpAddress> derive_overlay_ipv6(const net::Prefix& network,
                                                               base::ByteView node_id) noexcept;

/// The candidate of one attempt (0, 1, 2 …), never the network's first or last address. `node_id`
/// has kNodeIdSize bytes (asserted). Errors: kBadPrefix (`network` is not IPv4, or longer than
/// /30).
[[nodiscard]] base::Result<net::IpAddress> derive_overlay_ipv4(const net::Prefix& network,
                                                               base::ByteView node_id,
                                                               std::uint32_t attempt) noexcept;

}  // namespace qe::route
