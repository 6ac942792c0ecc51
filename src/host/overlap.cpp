// SPDX-License-Identifier: Apache-2.0
#include "host/overlap.h"

#include <optional>

#include <fmt/format.h>

namespace qe::host {
namespace {

bool is_nobodys(const net::IpAddress& address) {
    return address.is_loopback() || address.is_multicast() ||
           (address.is_v6() && address.is_link_local());
}

/// A route other than the default straight to an interface.
bool is_connected(const RouteRecord& route) {
    return !route.has_gateway && route.destination.length() > 0;
}

bool is_foreign(const RouteRecord& route, std::uint32_t tun_index) {
    return route.interface_index != tun_index && !is_nobodys(route.destination.address());
}

/// "10.1.2.0/24 on eth0", the address or connected network that `ours` overlaps.
std::optional<std::string> overlapped_network(const net::Prefix& ours, const HostNetwork& network,
                                              std::uint32_t tun_index) {
    for (const AddressRecord& address : network.addresses) {
        const bool foreign =
            address.interface_index != tun_index && !is_nobodys(address.prefix.address());
        if (foreign && ours.overlaps(address.prefix)) {
            return fmt::format("{} on {}", address.prefix.to_string(),
                               network.link_name(address.interface_index));
        }
    }
    for (const RouteRecord& route : network.routes) {
        if (is_foreign(route, tun_index) && is_connected(route) &&
            ours.overlaps(route.destination)) {
            return fmt::format("{} directly connected to {}", route.destination.to_string(),
                               network.link_name(route.interface_index));
        }
    }
    return std::nullopt;
}

/// "route 10.1.2.0/24 through eth0": one that `ours` covers, or equals when `equal_only`.
std::optional<std::string> covered_route(const net::Prefix& ours, const HostNetwork& network,
                                         std::uint32_t tun_index, bool equal_only) {
    for (const RouteRecord& route : network.routes) {
        const bool covered = equal_only ? ours.network() == route.destination.network()
                                        : ours.contains(route.destination);
        if (is_foreign(route, tun_index) && covered) {
            return fmt::format("the route {} through {}", route.destination.to_string(),
                               network.link_name(route.interface_index));
        }
    }
    return std::nullopt;
}

}  // namespace

std::vector<Overlap> find_address_overlaps(const node::HostPlan& plan, const HostNetwork& network,
                                           std::uint32_t tun_index) {
    std::vector<Overlap> overlaps;
    if (plan.addresses_by_network) {
        return overlaps;
    }
    for (const net::Prefix& ours : plan.addresses) {
        auto other = overlapped_network(ours, network, tun_index);
        other = other ? other : covered_route(ours, network, tun_index, false);
        if (other) {
            overlaps.push_back(
                {ours, fmt::format("overlay address {} overlaps {}: choose another prefix with {}",
                                   ours.to_string(), *other,
                                   ours.address().is_v4() ? "--tun-addr" : "--tun-addr6")});
        }
    }
    return overlaps;
}

std::vector<Overlap> find_route_overlaps(const node::HostPlan& plan, const HostNetwork& network,
                                         std::uint32_t tun_index) {
    std::vector<Overlap> overlaps;
    for (const net::Prefix& ours : plan.routes) {
        if (ours.length() == 0) {
            continue;  // A default route captures nothing that is connected: longer ones win.
        }
        auto other = overlapped_network(ours, network, tun_index);
        other = other ? other : covered_route(ours, network, tun_index, true);
        if (other) {
            overlaps.push_back({ours, fmt::format("overlay route {} is left out: it overlaps {}",
                                                  ours.to_string(), *other)});
        }
    }
    return overlaps;
}

}  // namespace qe::host
