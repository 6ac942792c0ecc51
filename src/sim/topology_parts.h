// SPDX-License-Identifier: Apache-2.0
//
// Topology::Parts: the places and links of a topology, by name. Private to topology*.cpp.
//
// Names of regions, networks and links are of one space. Maps are ordered, so that whoever walks
// them does so in the same order in every run.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quicether/base/result.h"
#include "sim/place.h"
#include "sim/topology.h"

namespace qe::sim {

/// Swallows what is sent through links that do not exist.
class Nowhere final : public Receiver {
  public:
    void receive(Packet /*packet*/) override { ++lost; }
    std::uint64_t lost = 0;
};

struct Topology::Parts {
    Parts(Scheduler& its_scheduler, base::Rng rng) : scheduler(its_scheduler) { rng.fill(seed); }

    /// Depends on the name, and on how often it was asked for, but not on what else there is.
    [[nodiscard]] base::Rng stream(const std::string& name) {
        return base::Rng(seed).fork(name + " " + std::to_string(++streams[name]));
    }

    [[nodiscard]] Place* find(const std::string& name) const {
        const auto found = places.find(name);
        return found == places.end() ? nullptr : found->second.get();
    }
    [[nodiscard]] Place* find_network(const std::string& name) const {
        Place* const place = find(name);
        return place == nullptr || place->is_region() ? nullptr : place;
    }
    [[nodiscard]] Duplex* find_link(const std::string& name) const;
    [[nodiscard]] bool name_taken(const std::string& name) const {
        return places.contains(name) || ways.contains(name) || access.contains(name);
    }
    /// Where a place's IPv4 addresses are known: below a NAT box, or null for everywhere.
    [[nodiscard]] static const Place* domain_of(const Place* place) {
        while (place != nullptr && !place->translates()) {
            place = place->parent;
        }
        return place;
    }
    [[nodiscard]] base::Status check_overlaps(const NetworkOptions& options,
                                              const Place& parent) const;
    void build_uplink(Place& network);
    void announce(Place& network);
    void announce_everywhere(Place& network, const net::Prefix& prefix);
    void announce_in_region(const Place& region, const net::Prefix& prefix);
    void bury(std::unique_ptr<AccessLink> link);
    template <typename Visit>
    void visit_links(Visit&& visit) const;

    Scheduler& scheduler;
    base::Rng::Seed seed{};
    std::map<std::string, std::uint64_t> streams;  ///< How many were made for each name.
    Nowhere nowhere;
    std::size_t regions = 0;
    std::map<std::string, std::unique_ptr<Place>> places;
    std::map<std::string, std::unique_ptr<RegionWay>> ways;
    std::map<std::string, std::unique_ptr<AccessLink>> access;
    std::vector<std::unique_ptr<AccessLink>> detached;  ///< Until their packets have arrived.
    PipeCounters buried;
    std::uint64_t buried_lost = 0;
};

template <typename Visit>
void Topology::Parts::visit_links(Visit&& visit) const {
    for (const auto& [name, way] : ways) {
        visit(name, way->pipes);
    }
    for (const auto& [name, place] : places) {
        if (place->uplink) {
            visit(name, *place->uplink);
        }
    }
    for (const auto& [name, link] : access) {
        visit(name, link->pipes);
    }
}

}  // namespace qe::sim
