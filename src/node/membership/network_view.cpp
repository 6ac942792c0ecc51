// SPDX-License-Identifier: Apache-2.0
#include "quicether/node/network_view.h"

#include <algorithm>
#include <tuple>

namespace qe::node {
namespace {

/// Of the interface `only`, unless that is 0.
const UnderlayRoute* best_route(const NetworkView& view, const net::SocketAddress& remote,
                                std::uint32_t only) {
    const UnderlayRoute* best = nullptr;
    const auto rank = [](const UnderlayRoute& route) {
        return std::tuple(-static_cast<int>(route.destination.length()), route.metric,
                          route.interface_index);
    };
    for (const UnderlayRoute& route : view.routes) {
        const Interface* interface = view.find_interface(route.interface_index);
        if (interface == nullptr || !interface->up || !route.destination.contains(remote.ip) ||
            (remote.scope != 0 && remote.scope != route.interface_index) ||
            (only != 0 && only != route.interface_index)) {
            continue;
        }
        if (best == nullptr || rank(route) < rank(*best)) {
            best = &route;
        }
    }
    return best;
}

/// Lower is better; nothing for an address that cannot be a source towards `remote`.
std::optional<int> source_rank(const net::Prefix& address, const net::IpAddress& remote) {
    if (address.family() != remote.family()) {
        return std::nullopt;
    }
    if (address.contains(remote)) {
        return 0;
    }
    return address.address().is_link_local() == remote.is_link_local() ? 1 : 2;
}

std::optional<net::IpAddress> best_address(const Interface& interface,
                                           const net::IpAddress& remote) {
    std::optional<net::IpAddress> best;
    int best_rank = 0;
    for (const net::Prefix& address : interface.addresses) {
        const std::optional<int> rank = source_rank(address, remote);
        if (rank && (!best || *rank < best_rank)) {
            best = address.address();
            best_rank = *rank;
        }
    }
    return best;
}

/// The source a route asks for, or its interface's best.
std::optional<net::IpAddress> source_of(const NetworkView& view, const UnderlayRoute& route,
                                        const net::SocketAddress& remote) {
    if (route.source && view.has_address(*route.source)) {
        return route.source;
    }
    const Interface* interface = view.find_interface(route.interface_index);
    return interface == nullptr ? std::nullopt : best_address(*interface, remote.ip);
}

}  // namespace

const Interface* NetworkView::find_interface(std::uint32_t index) const noexcept {
    const auto it = std::find_if(interfaces.begin(), interfaces.end(),
                                 [index](const Interface& i) { return i.index == index; });
    return it == interfaces.end() ? nullptr : &*it;
}

const Interface* NetworkView::find_interface(const net::IpAddress& address) const noexcept {
    const auto it =
        std::find_if(interfaces.begin(), interfaces.end(), [&address](const Interface& i) {
            return i.up &&
                   std::any_of(i.addresses.begin(), i.addresses.end(),
                               [&address](const net::Prefix& p) { return p.address() == address; });
        });
    return it == interfaces.end() ? nullptr : &*it;
}

std::optional<net::IpAddress> choose_source(const NetworkView& view,
                                            const net::SocketAddress& remote) {
    if (view.has_address(remote.ip)) {
        return remote.ip;  // ourselves: the kernel answers a local address from that address
    }
    const UnderlayRoute* route = best_route(view, remote, 0);
    if (route == nullptr) {
        return std::nullopt;
    }
    if (const auto address = source_of(view, *route, remote)) {
        return address;
    }
    // A route over an interface without addresses borrows one of another interface.
    for (const Interface& interface : view.interfaces) {
        if (interface.up && !interface.loopback) {
            if (const auto address = best_address(interface, remote.ip)) {
                return address;
            }
        }
    }
    return std::nullopt;
}

std::optional<net::IpAddress> choose_source_on(const NetworkView& view, std::uint32_t index,
                                               const net::SocketAddress& remote) {
    const UnderlayRoute* route = best_route(view, remote, index);
    return route == nullptr || view.has_address(remote.ip) ? std::nullopt
                                                           : source_of(view, *route, remote);
}

}  // namespace qe::node
