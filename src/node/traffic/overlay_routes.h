// SPDX-License-Identifier: Apache-2.0
//
// OverlayRoutes: who owns which overlay prefix, as peers and as the host's kernel see it.
//
// A thin owner of route::RoutingTable that speaks PeerHandle. Local prefixes are entries like any
// other, so that the longest prefix decides between us and a peer.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "node/peer.h"
#include "quicether/net/ip_address.h"
#include "quicether/route/routing_table.h"

namespace qe::node {

/// Where a packet goes.
enum class Destination : std::uint8_t { Nowhere, Local, Peer };
struct RouteDecision {
    Destination destination = Destination::Nowhere;
    PeerHandle peer;
};

/// One row for operators.
struct RouteRow {
    net::Prefix prefix;
    bool local = false;
    PeerHandle peer;
    route::Origin origin = route::Origin::Configured;
    bool active = false;
};

/// "configured", "derived" or "advertised".
[[nodiscard]] std::string_view to_text(route::Origin origin) noexcept;

class OverlayRoutes {
  public:
    /// Replaces what this node itself owns.
    void set_local(const std::vector<net::Prefix>& prefixes);
    /// Replaces the prefixes of one origin for a peer. False when the table is full: some are
    /// missing.
    bool set_peer(PeerHandle peer, route::Origin origin, const std::vector<net::Prefix>& prefixes);
    void erase_peer(PeerHandle peer);
    void set_reachable(PeerHandle peer, bool reachable);

    [[nodiscard]] RouteDecision lookup(const net::IpAddress& destination) const noexcept;
    /// True when a packet with this source may come from this peer: the peer is among the owners of
    /// the longest prefix that matches.
    [[nodiscard]] bool may_send_from(PeerHandle peer, const net::IpAddress& source) const noexcept;

    [[nodiscard]] std::vector<RouteRow> rows() const;
    /// Prefixes owned by peers, each once: what the kernel must route to the TUN device.
    [[nodiscard]] std::vector<net::Prefix> peer_prefixes() const;
    /// Changes whenever peer_prefixes() may have changed.
    [[nodiscard]] std::uint64_t generation() const noexcept;

  private:
    [[nodiscard]] PeerHandle peer_of(route::NextHop hop) const noexcept;

    route::RoutingTable table_;
    std::vector<PeerHandle> peers_;  ///< By slot index; a peer's next hop is its index plus one.
};

}  // namespace qe::node
