// SPDX-License-Identifier: Apache-2.0
#include "node/own_addresses.h"

#include <algorithm>

namespace qe::node {
namespace {

void add(std::vector<net::SocketAddress>& list, const net::SocketAddress& address) {
    if (list.size() < kOwnAddressesMax &&
        std::find(list.begin(), list.end(), address) == list.end()) {
        list.push_back(address);
    }
}

}  // namespace

std::vector<net::SocketAddress> own_addresses(const NodeState& state) {
    std::vector<net::SocketAddress> all;
    const std::uint16_t port = state.config.discovery.dht_port;
    if (state.config.discovery.public_ip) {
        add(all, {*state.config.discovery.public_ip, port, 0});
    }
    for (const Interface& interface : state.view.interfaces) {
        for (const net::Prefix& address : interface.addresses) {
            if (interface.up && !interface.loopback && !address.address().is_link_local() &&
                !address.address().is_loopback()) {
                add(all, {address.address(), port, 0});
            }
        }
    }
    return all;
}

bool is_own_endpoint(const NodeState& state, const net::SocketAddress& endpoint) {
    return endpoint.port == state.config.discovery.dht_port && state.view.has_address(endpoint.ip);
}

}  // namespace qe::node
