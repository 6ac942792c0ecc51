// SPDX-License-Identifier: Apache-2.0
#include "host/plan_diff.h"

#include <algorithm>
#include <set>

namespace qe::host {
namespace {

void diff_link(const node::HostPlan& plan, const LinkRecord* link, PlanDiff& diff) {
    if (link == nullptr || link->mtu != plan.mtu) {
        diff.mtu = plan.mtu;
    }
    diff.set_up = link == nullptr || !link->up;
}

void diff_addresses(const node::HostPlan& plan, const HostNetwork& network, std::uint32_t tun_index,
                    PlanDiff& diff) {
    std::set<net::Prefix> missing(plan.addresses.begin(), plan.addresses.end());
    for (const AddressRecord& address : network.addresses) {
        if (address.interface_index != tun_index) {
            continue;
        }
        const bool wanted = missing.erase(address.prefix) != 0;
        if (!wanted && !address.prefix.address().is_link_local()) {
            diff.remove_addresses.push_back(address.prefix);
        }
    }
    diff.add_addresses.assign(missing.begin(), missing.end());
}

void diff_routes(const node::HostPlan& plan, const std::vector<net::Prefix>& left_out,
                 const HostNetwork& network, std::uint32_t tun_index, PlanDiff& diff) {
    std::set<net::Prefix> missing;
    for (const net::Prefix& route : plan.routes) {
        if (std::ranges::find(left_out, route) == left_out.end()) {
            missing.insert(route.network());
        }
    }
    for (const RouteRecord& route : network.routes) {
        if (route.interface_index == tun_index && route.protocol == kRouteProtocol &&
            missing.erase(route.destination) == 0) {
            diff.remove_routes.push_back(route);
        }
    }
    diff.add_routes.assign(missing.begin(), missing.end());
}

}  // namespace

PlanDiff diff_plan(const node::HostPlan& plan, const std::vector<net::Prefix>& left_out,
                   const HostNetwork& network, std::uint32_t tun_index) {
    PlanDiff diff;
    diff_link(plan, network.find_link(tun_index), diff);
    diff_addresses(plan, network, tun_index, diff);
    diff_routes(plan, left_out, network, tun_index, diff);
    return diff;
}

}  // namespace qe::host
