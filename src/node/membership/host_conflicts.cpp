// SPDX-License-Identifier: Apache-2.0
#include "node/membership/host_conflicts.h"

#include <algorithm>

#include <fmt/format.h>

namespace qe::node {
namespace {

bool is_nobodys(const net::Prefix& prefix) {
    return prefix.address().is_loopback() || prefix.address().is_multicast() ||
           prefix.address().is_link_local();
}

void add(std::vector<HostConflict>& conflicts, HostConflict conflict) {
    const bool known = std::ranges::any_of(conflicts, [&conflict](const HostConflict& other) {
        return other.theirs == conflict.theirs && other.interface_name == conflict.interface_name;
    });
    if (!known) {
        conflicts.push_back(std::move(conflict));
    }
}

}  // namespace

std::vector<HostConflict> find_host_conflicts(const NetworkView& view, const net::Prefix& overlay) {
    std::vector<HostConflict> conflicts;
    for (const Interface& interface : view.interfaces) {
        for (const net::Prefix& prefix : interface.addresses) {
            if (!interface.loopback && !is_nobodys(prefix) && overlay.overlaps(prefix)) {
                add(conflicts, {prefix.network(), interface.name, false});
            }
        }
    }
    for (const UnderlayRoute& route : view.routes) {
        const Interface* const interface = view.find_interface(route.interface_index);
        if (interface != nullptr && !interface->loopback && !is_nobodys(route.destination) &&
            overlay.contains(route.destination)) {
            add(conflicts, {route.destination.network(), interface->name, true});
        }
    }
    return conflicts;
}

std::string to_sentence(const HostConflict& conflict, const net::Prefix& overlay) {
    return fmt::format(
        "the network's addresses {} overlap {}{} on {} of this host: members with such addresses, "
        "or what is there, cannot be reached by IPv4; give {} another address range, or make the "
        "network anew with another `--prefix`",
        overlay.to_string(), conflict.is_route ? "the route " : "", conflict.theirs.to_string(),
        conflict.interface_name, conflict.interface_name);
}

}  // namespace qe::node
