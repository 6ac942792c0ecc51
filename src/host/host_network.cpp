// SPDX-License-Identifier: Apache-2.0
#include "host/host_network.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace qe::host {

const LinkRecord* HostNetwork::find_link(std::uint32_t index) const noexcept {
    const auto found = std::ranges::find(links, index, &LinkRecord::index);
    return found == links.end() ? nullptr : &*found;
}

std::string HostNetwork::link_name(std::uint32_t index) const {
    const LinkRecord* link = find_link(index);
    return link == nullptr ? fmt::format("interface {}", index) : link->name;
}

node::NetworkView to_network_view(const HostNetwork& network, std::uint32_t tun_index) {
    node::NetworkView view;
    for (const LinkRecord& link : network.links) {
        if (link.index == tun_index) {
            continue;
        }
        node::Interface interface {
            link.index, link.name, link.up &&link.carrier, link.loopback, link.mtu, {}
        };
        for (const AddressRecord& address : network.addresses) {
            if (address.interface_index == link.index && address.usable) {
                interface.addresses.push_back(address.prefix);
            }
        }
        view.interfaces.push_back(std::move(interface));
    }
    for (const RouteRecord& route : network.routes) {
        if (route.interface_index != tun_index && route.protocol != kRouteProtocol) {
            view.routes.push_back(
                {route.destination, route.interface_index, route.metric, route.source});
        }
    }
    // Addresses keep the kernel's order: the first of an interface is its primary one.
    std::ranges::sort(view.interfaces, {}, &node::Interface::index);
    std::ranges::stable_sort(view.routes, {}, [](const node::UnderlayRoute& route) {
        return std::pair(route.destination, route.metric);
    });
    return view;
}

bool same_view(const node::NetworkView& a, const node::NetworkView& b) noexcept {
    const auto link = [](const node::Interface& i) {
        return std::tie(i.index, i.name, i.up, i.loopback, i.mtu, i.addresses);
    };
    const auto route = [](const node::UnderlayRoute& r) {
        return std::tie(r.destination, r.interface_index, r.metric, r.source);
    };
    return std::ranges::equal(a.interfaces, b.interfaces, {}, link, link) &&
           std::ranges::equal(a.routes, b.routes, {}, route, route);
}

std::vector<RouteRecord> find_leftover_routes(const HostNetwork& network) {
    std::vector<RouteRecord> leftovers;
    for (const RouteRecord& route : network.routes) {
        const LinkRecord* link = network.find_link(route.interface_index);
        if (route.protocol == kRouteProtocol && (link == nullptr || !link->carrier)) {
            leftovers.push_back(route);
        }
    }
    return leftovers;
}

}  // namespace qe::host
