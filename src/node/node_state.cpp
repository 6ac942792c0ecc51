// SPDX-License-Identifier: Apache-2.0
#include "node/node_state.h"

#include <utility>

#include "node/own_addresses.h"
#include "node/uplinks.h"

namespace qe::node {

Claims NodeState::own_claims() const {
    Claims claims;
    for (const net::Prefix& prefix : own.overlay) {
        claims.addresses.push_back(prefix.address());
    }
    claims.subnets = own.subnets;
    return claims;
}

Hello NodeState::make_hello(const net::FlowAddresses& flow) const {
    Hello hello;
    hello.instance = instance;
    hello.name = config.node.name;
    hello.role = config::to_text(config.node.role);
    hello.software = version;
    hello.tun_mtu = config.network.mtu;
    hello.claims = own_claims();
    hello.observed = flow.remote;
    AddressUpdate update = own_underlay();
    hello.underlay = std::move(update.underlay);
    hello.underlay_uplinks = std::move(update.underlay_uplinks);
    hello.uplink = uplink_of(*this, flow.local.ip);
    hello.reserve = reserve_of(*this, hello.uplink);
    hello.single = !config.multipath.enabled && !config.multipath.accept;
    return hello;
}

AddressUpdate NodeState::own_underlay() const {
    AddressUpdate update{.underlay = own_addresses(*this), .underlay_uplinks = {}};
    for (const net::SocketAddress& address : update.underlay) {
        update.underlay_uplinks.push_back(uplink_of(*this, address.ip));
    }
    return update;
}

void NodeState::seek(PeerHandle handle, base::Instant at) {
    Peer* peer = peers.get(handle);
    if (seeks && peer != nullptr && peer->is_wanted() && !peer->connected() &&
        peer->search.next_at.is_never()) {
        peer->search.next_at = at;
        searches.set(handle, at);
    }
}

void NodeState::want(PeerHandle handle, base::Instant now) {
    Peer* const peer = peers.get(handle);
    if (peer == nullptr || !peer->by_network || shutting_down) {
        return;
    }
    Demand& demand = peer->demand;
    demand.asked_at = now;
    if (!std::exchange(demand.asked, true) && !demand.kept) {
        demand.away = false;
        peer->dial.backoff.reset();
        peer->dial.next_at = now;
        look_at(handle, now);
    }
}

void NodeState::look_at(PeerHandle peer, base::Instant at) {
    if (!at.is_never()) {
        deadlines.set_no_later(peer, at);
    }
}

}  // namespace qe::node
