// SPDX-License-Identifier: Apache-2.0
//
// PlanDiff: what must change on the TUN device to make it what the plan says. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "host/host_network.h"
#include "quicether/node/node.h"

namespace qe::host {

/// In the order in which to apply it: removals first, so that a changed prefix length finds the
/// old address gone; the link goes up between addresses and routes.
struct PlanDiff {
    std::optional<std::uint32_t> mtu;  ///< Bytes
    std::vector<net::Prefix> remove_addresses;
    std::vector<RouteRecord> remove_routes;
    std::vector<net::Prefix> add_addresses;
    bool set_up = false;
    std::vector<net::Prefix> add_routes;

    [[nodiscard]] bool empty() const noexcept {
        return !mtu && !set_up && remove_addresses.empty() && remove_routes.empty() &&
               add_addresses.empty() && add_routes.empty();
    }
};

/// Compares the plan, less the routes in `left_out`, with interface `tun_index` of `network`.
/// Routes are ours by protocol number; addresses of the device are all ours but IPv6 link-local
/// ones, which the kernel makes.
[[nodiscard]] PlanDiff diff_plan(const node::HostPlan& plan,
                                 const std::vector<net::Prefix>& left_out,
                                 const HostNetwork& network, std::uint32_t tun_index);

}  // namespace qe::host
