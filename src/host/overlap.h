// SPDX-License-Identifier: Apache-2.0
//
// What the overlay may not take from the host: pure checks of a plan against the host's network.
//
// A TUN address brings a connected route for its whole prefix. It is refused when it overlaps an
// address or directly connected network of another interface, or covers a route that exists
// already. A plan's route is refused when it overlaps a directly connected network, or equals an
// existing route. Less specific routes, above all the default, are what an overlay is there to
// override. IPv6 link-local and loopback networks concern nobody.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/host_network.h"
#include "quicether/node/node.h"

namespace qe::host {

struct Overlap {
    net::Prefix ours;
    std::string sentence;  ///< Names both sides and says what to do.
};

/// Conflicts of the plan's addresses; they end a start. None for those of a network: the node
/// reports them, and a member's host starts wherever it is. Interface `tun_index` is left out (0:
/// the TUN device does not exist yet).
[[nodiscard]] std::vector<Overlap> find_address_overlaps(const node::HostPlan& plan,
                                                         const HostNetwork& network,
                                                         std::uint32_t tun_index);

/// Conflicts of the plan's routes, at most one for each; those routes are left out while they last.
[[nodiscard]] std::vector<Overlap> find_route_overlaps(const node::HostPlan& plan,
                                                       const HostNetwork& network,
                                                       std::uint32_t tun_index);

}  // namespace qe::host
