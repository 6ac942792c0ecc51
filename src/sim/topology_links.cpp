// SPDX-License-Identifier: Apache-2.0
//
// Topology: its links, looked at and changed while the world runs.
#include <utility>

#include "sim/topology.h"
#include "sim/topology_parts.h"

namespace qe::sim {

Duplex* Topology::Parts::find_link(const std::string& name) const {
    if (const auto link = access.find(name); link != access.end()) {
        return &link->second->pipes;
    }
    if (const auto way = ways.find(name); way != ways.end()) {
        return &way->second->pipes;
    }
    const Place* const network = find_network(name);
    return network == nullptr ? nullptr : network->uplink.get();
}

std::optional<LinkOptions> Topology::link_options(const std::string& link) const {
    const Duplex* const pipes = parts_->find_link(link);
    return pipes == nullptr ? std::nullopt : std::optional(pipes->options());
}

base::Status Topology::set_link(const std::string& link, const LinkOptions& options) {
    Duplex* const pipes = parts_->find_link(link);
    if (pipes == nullptr) {
        return base::fail(base::ErrorCode::kBadConfig, "there is no such link");
    }
    pipes->set_options(options);
    return {};
}

std::vector<std::string> Topology::links() const {
    std::vector<std::string> names;
    parts_->visit_links(
        [&names](const std::string& name, const Duplex&) { names.push_back(name); });
    return names;
}

std::optional<PipeCounters> Topology::link_counters(const std::string& link) const {
    const Duplex* const pipes = parts_->find_link(link);
    return pipes == nullptr ? std::nullopt : std::optional(pipes->counters());
}

PipeCounters Topology::totals() const {
    PipeCounters sum = parts_->buried;
    parts_->visit_links(
        [&sum](const std::string&, const Duplex& pipes) { sum += pipes.counters(); });
    for (const auto& link : parts_->detached) {
        sum += link->pipes.counters();
    }
    return sum;
}

DeviceCounters Topology::device_totals() const {
    DeviceCounters sum;
    for (const auto& [_, place] : parts_->places) {
        sum.lost_no_route += place->router.counters().lost_no_route;
        sum.lost_hops += place->router.counters().lost_hops;
        if (place->nat) {
            sum.lost_nat += place->nat->counters().lost();
        }
        if (place->firewall) {
            sum.lost_firewall += place->firewall->counters().lost();
        }
    }
    sum.lost_detached = parts_->buried_lost + parts_->nowhere.lost;
    for (const auto& link : parts_->detached) {
        sum.lost_detached += link->end.lost();
    }
    return sum;
}

}  // namespace qe::sim
