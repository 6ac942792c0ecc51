// SPDX-License-Identifier: Apache-2.0
//
// Who lists whom, who is a gateway, and what lies behind whom.
#include <algorithm>

#include <fmt/format.h>

#include "sim/fuzz/plan_parts.h"

namespace qe::sim {
namespace {

void introduce(FuzzPlan& plan, HostId a, HostId b) {
    plan.scenario.hosts[a].knows.push_back(b);
    plan.scenario.hosts[b].knows.push_back(a);
}

/// Everybody knows everybody, or most do.
void draw_mesh(Dice& dice, FuzzPlan& plan, unsigned percent) {
    const auto hosts = static_cast<HostId>(plan.scenario.hosts.size());
    for (HostId a = 0; a < hosts; ++a) {
        for (HostId b = a + 1; b < hosts; ++b) {
            if (dice.chance(percent)) {
                introduce(plan, a, b);
            } else if (dice.chance(20)) {
                plan.scenario.hosts[a].knows.push_back(b);  // and b does not know a
            }
        }
    }
}

/// The first `hubs` hosts are gateways that know each other; each other host knows one of them.
void draw_hubs(Dice& dice, FuzzPlan& plan, HostId hubs) {
    const auto hosts = static_cast<HostId>(plan.scenario.hosts.size());
    for (HostId hub = 0; hub < hubs; ++hub) {
        plan.scenario.hosts[hub].options.config.node.role = config::NodeRole::Gateway;
        for (HostId other = 0; other < hub; ++other) {
            introduce(plan, hub, other);
            plan.scenario.hosts[hub].through.push_back(other);
            plan.scenario.hosts[other].through.push_back(hub);
        }
    }
    for (HostId spoke = hubs; spoke < hosts; ++spoke) {
        const auto hub = static_cast<HostId>(dice.between(0, hubs - 1));
        introduce(plan, spoke, hub);
        plan.scenario.hosts[spoke].through.push_back(hub);
    }
}

void draw_subnets(Dice& dice, FuzzPlan& plan) {
    auto& hosts = plan.scenario.hosts;
    for (HostId id = 0; id < hosts.size(); ++id) {
        if (!dice.chance(30) || hosts[id].options.config.node.role == config::NodeRole::Gateway) {
            continue;
        }
        const auto subnet = *net::parse_prefix(fmt::format("192.168.{}.0/24", id));
        hosts[id].options.config.network.advertise_subnets.push_back(subnet);
        for (HostId other = 0; other < hosts.size(); ++other) {
            if (knows(plan, other, id) && dice.chance(85)) {
                plan.subnets.push_back({other, id, {subnet}});
            }
        }
    }
}

}  // namespace

void draw_trust(Dice& dice, FuzzPlan& plan) {
    switch (dice.between(0, 4)) {
        case 0:
            plan.shape = "hub";
            draw_hubs(dice, plan, 1);
            break;
        case 1:
            plan.shape = "two hubs";
            draw_hubs(dice, plan, 2);
            break;
        case 2:
            plan.shape = "some";
            draw_mesh(dice, plan, 60);
            break;
        default:
            plan.shape = "mesh";
            draw_mesh(dice, plan, 100);
            break;
    }
    draw_subnets(dice, plan);
}

}  // namespace qe::sim
