// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario/build.h"

#include <algorithm>

#include <fmt/format.h>

namespace qe::sim {
namespace {

using Outcome = tl::expected<void, std::string>;

Outcome explain(const Scenario& scenario, std::string_view what, const std::string& name,
                const base::Result<void>& result) {
    if (result) {
        return {};
    }
    return tl::unexpected(
        fmt::format("{}: {} {}: {}", scenario.file, what, name, result.error().text));
}

Outcome build_underlay(World& world, const Scenario& scenario) {
    Topology& topology = world.topology();
    for (const RegionPlan& region : scenario.regions) {
        if (auto done = explain(scenario, "region", region.name, topology.add_region(region.name));
            !done) {
            return done;
        }
    }
    for (const RegionLink& way : scenario.region_links) {
        if (auto done = explain(scenario, "way", way.a + "-" + way.b,
                                topology.connect_regions(way.a, way.b, way.each_way));
            !done) {
            return done;
        }
    }
    for (const NetworkOptions& network : scenario.networks) {
        if (auto done = explain(scenario, "network", network.name, topology.add_network(network));
            !done) {
            return done;
        }
    }
    return {};
}

bool dials(Dials whom, HostId id, HostId other) {
    return whom == Dials::All || (whom == Dials::Earlier && other < id);
}

/// What a gateway between nodes that do not know each other has to be entitled to at both
/// (docs/protocol/peer.md).
void entitle_to_overlay(World& world, HostId host, HostId gateway) {
    for (config::PeerConfig& peer : world.host(host).config().peer) {
        if (config::node_id_of(peer.id) == world.host(gateway).node_id()) {
            for (const char* const whole : {"100.64.0.0/16", "fd71:7569:6365::/48"}) {
                peer.subnets.push_back(*net::parse_prefix(whole));
            }
        }
    }
}

Outcome build_hosts(World& world, const Scenario& scenario) {
    for (const HostPlan& plan : scenario.hosts) {
        const auto added = world.add_host(plan.options);
        if (!added) {
            return tl::unexpected(fmt::format("{}: host {}: {}", scenario.file, plan.options.name,
                                              added.error().text));
        }
    }
    for (HostId id = 0; id < scenario.hosts.size(); ++id) {
        for (const HostId other : scenario.hosts[id].knows) {
            world.know(id, other, dials(scenario.hosts[id].dials, id, other));
        }
        for (const HostId gateway : scenario.hosts[id].through) {
            entitle_to_overlay(world, id, gateway);
        }
        auto& nodes = world.host(id).config().discovery.bootstrap_nodes;
        for (const HostId other : scenario.hosts[id].bootstrap) {
            for (const net::IpAddress& address : world.host(other).addresses()) {
                nodes.push_back(
                    {address.to_string(), world.host(other).config().discovery.dht_port});
            }
        }
    }
    return {};
}

void schedule_starts(World& world, const Scenario& scenario) {
    for (HostId id = 0; id < scenario.hosts.size(); ++id) {
        const HostPlan& plan = scenario.hosts[id];
        if (plan.starts) {
            world.scheduler().after(plan.start, [&world, id] {
                if (!world.host(id).running()) {
                    world.host(id).start();
                }
            });
        }
    }
}

// --- Round trips ---------------------------------------------------------------------------------

base::Duration round_trip(const LinkOptions& link) { return link.up.delay + link.down.delay; }

const NetworkOptions* find_network(const Scenario& scenario, const std::string& name) {
    const auto found = std::ranges::find(scenario.networks, name, &NetworkOptions::name);
    return found == scenario.networks.end() ? nullptr : &*found;
}

/// The networks from one up to the region, and the region's name.
std::vector<const NetworkOptions*> way_up(const Scenario& scenario, const std::string& name) {
    std::vector<const NetworkOptions*> way;
    for (const NetworkOptions* at = find_network(scenario, name); at != nullptr;
         at = find_network(scenario, at->parent)) {
        way.push_back(at);
    }
    return way;
}

base::Duration between_regions(const Scenario& scenario, const std::string& a,
                               const std::string& b) {
    for (const RegionLink& way : scenario.region_links) {
        if ((way.a == a && way.b == b) || (way.a == b && way.b == a)) {
            return 2 * way.each_way.delay;
        }
    }
    return base::Duration(0);
}

}  // namespace

Outcome build_world(World& world, const Scenario& scenario) {
    if (auto done = build_underlay(world, scenario); !done) {
        return done;
    }
    if (auto done = build_hosts(world, scenario); !done) {
        return done;
    }
    schedule_starts(world, scenario);
    return {};
}

base::Duration path_round_trip(const Scenario& scenario, HostId a, HostId b) {
    const InterfaceOptions& from = scenario.hosts[a].options.interfaces.front();
    const InterfaceOptions& to = scenario.hosts[b].options.interfaces.front();
    base::Duration sum = round_trip(from.link) + round_trip(to.link);
    auto up = way_up(scenario, from.network);
    auto down = way_up(scenario, to.network);
    if (!up.empty() && !down.empty()) {
        sum += between_regions(scenario, up.back()->parent, down.back()->parent);
    }
    while (!up.empty() && !down.empty() && up.back() == down.back()) {
        up.pop_back();
        down.pop_back();
    }
    for (const NetworkOptions* network : up) {
        sum += round_trip(network->uplink);
    }
    for (const NetworkOptions* network : down) {
        sum += round_trip(network->uplink);
    }
    return sum;
}

}  // namespace qe::sim
