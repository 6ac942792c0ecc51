// SPDX-License-Identifier: Apache-2.0
#include "node/node_state.h"

namespace qe::node {

Claims NodeState::own_claims() const {
    Claims claims;
    for (const net::Prefix& prefix : own.overlay) {
        claims.addresses.push_back(prefix.address());
    }
    claims.subnets = own.subnets;
    return claims;
}

Hello NodeState::make_hello(const net::SocketAddress& observed) const {
    Hello hello;
    hello.instance = instance;
    hello.name = config.node.name;
    hello.role = config::to_text(config.node.role);
    hello.software = version;
    hello.tun_mtu = config.network.mtu;
    hello.claims = own_claims();
    hello.observed = observed;
    const std::uint16_t port = config.discovery.dht_port;
    if (config.discovery.public_ip) {
        hello.underlay.push_back({*config.discovery.public_ip, port, 0});
    }
    for (const Interface& interface : view.interfaces) {
        for (const net::Prefix& address : interface.addresses) {
            if (interface.up && !interface.loopback && !address.address().is_link_local() &&
                hello.underlay.size() < kUnderlayMax) {
                hello.underlay.push_back({address.address(), port, 0});
            }
        }
    }
    return hello;
}

void NodeState::look_at(PeerHandle peer, base::Instant at) {
    if (!at.is_never()) {
        deadlines.set_no_later(peer, at);
    }
}

}  // namespace qe::node
