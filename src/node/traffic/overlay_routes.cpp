// SPDX-License-Identifier: Apache-2.0
#include "node/traffic/overlay_routes.h"

#include <algorithm>

namespace qe::node {
namespace {

constexpr route::NextHop kLocal{0};

/// A route by way of another node is taken only when the owner itself is not known for the prefix.
constexpr std::uint32_t kOwnMetric = 0;
constexpr std::uint32_t kConfiguredMetric = 10;

route::NextHop next_hop_of(PeerHandle peer) { return route::NextHop{peer.index + 1}; }

std::uint32_t metric_of(route::Origin origin) {
    return origin == route::Origin::Configured ? kConfiguredMetric : kOwnMetric;
}

}  // namespace

std::string_view to_text(route::Origin origin) noexcept {
    switch (origin) {
        case route::Origin::Configured:
            return "configured";
        case route::Origin::Derived:
            return "derived";
        case route::Origin::Advertised:
            return "advertised";
    }
    return "unknown";
}

PeerHandle OverlayRoutes::peer_of(route::NextHop hop) const noexcept {
    const auto number = static_cast<std::size_t>(hop);
    return number >= 1 && number <= peers_.size() ? peers_[number - 1] : PeerHandle{};
}

void OverlayRoutes::set_local(const std::vector<net::Prefix>& prefixes) {
    // A node's own few prefixes always fit: they come before any peer's.
    (void)table_.assign(kLocal, route::Origin::Configured, kOwnMetric, prefixes);
}

bool OverlayRoutes::set_peer(PeerHandle peer, route::Origin origin,
                             const std::vector<net::Prefix>& prefixes) {
    if (peers_.size() <= peer.index) {
        peers_.resize(peer.index + 1);
    }
    if (peers_[peer.index] != peer) {
        peers_[peer.index] = peer;
        table_.set_reachable(next_hop_of(peer), false);
    }
    return table_.assign(next_hop_of(peer), origin, metric_of(origin), prefixes).has_value();
}

void OverlayRoutes::erase_peer(PeerHandle peer) {
    if (peer_of(next_hop_of(peer)) == peer) {
        table_.erase_next_hop(next_hop_of(peer));
        peers_[peer.index] = {};
    }
}

void OverlayRoutes::set_reachable(PeerHandle peer, bool reachable) {
    if (peer_of(next_hop_of(peer)) == peer) {
        table_.set_reachable(next_hop_of(peer), reachable);
    }
}

RouteDecision OverlayRoutes::lookup(const net::IpAddress& destination) const noexcept {
    const auto hop = table_.lookup(destination);
    if (!hop) {
        return {};
    }
    if (*hop == kLocal) {
        return {Destination::Local, {}};
    }
    return {Destination::Peer, peer_of(*hop)};
}

bool OverlayRoutes::may_send_from(PeerHandle peer, const net::IpAddress& source) const noexcept {
    return table_.is_candidate(next_hop_of(peer), source);
}

std::vector<RouteRow> OverlayRoutes::rows() const {
    std::vector<RouteRow> rows;
    table_.for_each([&](const route::Route& route, bool best) {
        RouteRow row;
        row.prefix = route.prefix;
        row.local = route.next_hop == kLocal;
        row.peer = peer_of(route.next_hop);
        row.origin = route.origin;
        row.active = best && table_.is_reachable(route.next_hop);
        rows.push_back(row);
    });
    return rows;
}

std::vector<net::Prefix> OverlayRoutes::peer_prefixes() const {
    std::vector<net::Prefix> prefixes;
    table_.for_each([&](const route::Route& route, bool) {
        if (route.next_hop != kLocal && (prefixes.empty() || prefixes.back() != route.prefix)) {
            prefixes.push_back(route.prefix);
        }
    });
    return prefixes;
}

std::uint64_t OverlayRoutes::generation() const noexcept { return table_.generation(); }

}  // namespace qe::node
