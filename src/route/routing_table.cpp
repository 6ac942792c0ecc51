// SPDX-License-Identifier: Apache-2.0
#include "quicether/route/routing_table.h"

#include <algorithm>

#include "quicether/base/assert.h"

namespace qe::route {

base::Status RoutingTable::insert(const Route& route) {
    const net::Prefix network = route.prefix.network();
    const auto found = hops_.find(route.next_hop);
    const bool known =
        found != hops_.end() && found->second.routes.contains({network, route.origin});
    if (!known) {
        const std::size_t of_hop = found == hops_.end() ? 0 : found->second.routes.size();
        if (size_ >= options_.entries_max || of_hop >= options_.entries_per_next_hop_max) {
            return base::fail(base::ErrorCode::kTableFull, "routing table is full");
        }
        hops_[route.next_hop].routes.emplace(network, route.origin);
        ++size_;
    }
    const bool unreachable = !is_reachable(route.next_hop);
    put(network, {unreachable, route.metric, route.next_hop, route.origin});
    return {};
}

bool RoutingTable::erase(const net::Prefix& prefix, NextHop next_hop, Origin origin) {
    const net::Prefix network = prefix.network();
    const auto hop = hops_.find(next_hop);
    if (hop == hops_.end() || hop->second.routes.erase({network, origin}) == 0) {
        return false;
    }
    if (hop->second.routes.empty() && !hop->second.unreachable) {
        hops_.erase(hop);
    }
    remove(network, next_hop, origin);
    return true;
}

base::Status RoutingTable::assign(NextHop next_hop, Origin origin, std::uint32_t metric,
                                  std::span<const net::Prefix> prefixes) {
    std::set<net::Prefix> wanted;
    for (const net::Prefix& prefix : prefixes) {
        wanted.insert(prefix.network());
    }
    std::vector<net::Prefix> gone;
    if (const auto hop = hops_.find(next_hop); hop != hops_.end()) {
        for (const auto& [network, route_origin] : hop->second.routes) {
            if (route_origin == origin && !wanted.contains(network)) {
                gone.push_back(network);
            }
        }
    }
    for (const net::Prefix& network : gone) {
        erase(network, next_hop, origin);
    }
    base::Status status;
    for (const net::Prefix& prefix : prefixes) {
        if (auto inserted = insert({prefix, next_hop, origin, metric}); !inserted) {
            status = inserted;
        }
    }
    return status;
}

void RoutingTable::erase_next_hop(NextHop next_hop) {
    const auto hop = hops_.find(next_hop);
    if (hop == hops_.end()) {
        return;
    }
    for (const auto& [network, origin] : hop->second.routes) {
        remove(network, next_hop, origin);
    }
    hops_.erase(hop);
}

void RoutingTable::set_reachable(NextHop next_hop, bool reachable) {
    if (is_reachable(next_hop) == reachable) {
        return;
    }
    Hop& hop = hops_[next_hop];
    hop.unreachable = !reachable;
    for (const auto& [network, origin] : hop.routes) {
        resort(network, next_hop, !reachable);
    }
    if (hop.routes.empty() && reachable) {
        hops_.erase(next_hop);
    }
}

bool RoutingTable::is_reachable(NextHop next_hop) const noexcept {
    const auto hop = hops_.find(next_hop);
    return hop == hops_.end() || !hop->second.unreachable;
}

std::optional<NextHop> RoutingTable::lookup(const net::IpAddress& address) const noexcept {
    const Owners* const owners = prefixes_.lookup(address);
    return owners == nullptr ? std::nullopt : std::optional(owners->best);
}

std::optional<NextHop> RoutingTable::find_exact(const net::Prefix& prefix) const noexcept {
    const Owners* const owners = prefixes_.find_exact(prefix);
    return owners == nullptr ? std::nullopt : std::optional(owners->best);
}

bool RoutingTable::is_candidate(NextHop next_hop, const net::IpAddress& address) const noexcept {
    const Owners* const owners = prefixes_.lookup(address);
    return owners != nullptr &&
           (owners->best == next_hop ||
            std::any_of(owners->candidates.begin(), owners->candidates.end(),
                        [&](const Candidate& c) { return c.next_hop == next_hop; }));
}

std::size_t RoutingTable::size_of(NextHop next_hop) const noexcept {
    const auto hop = hops_.find(next_hop);
    return hop == hops_.end() ? 0 : hop->second.routes.size();
}

bool RoutingTable::names(const Candidate& candidate, NextHop next_hop, Origin origin) noexcept {
    return candidate.next_hop == next_hop && candidate.origin == origin;
}

/// Adds a candidate, or replaces the one of its name.
void RoutingTable::put(const net::Prefix& network, const Candidate& candidate) {
    Owners* const owners = prefixes_.find_exact(network);
    if (owners == nullptr) {
        prefixes_.insert(network, Owners{candidate.next_hop, {candidate}});
        ++generation_;
        return;
    }
    auto& candidates = owners->candidates;
    std::erase_if(candidates, [&](const Candidate& c) {
        return names(c, candidate.next_hop, candidate.origin);
    });
    candidates.insert(std::lower_bound(candidates.begin(), candidates.end(), candidate), candidate);
    choose(*owners);
}

void RoutingTable::remove(const net::Prefix& network, NextHop next_hop, Origin origin) {
    Owners* const owners = prefixes_.find_exact(network);
    QE_ASSERT(owners != nullptr);
    --size_;
    std::erase_if(owners->candidates,
                  [&](const Candidate& c) { return names(c, next_hop, origin); });
    if (owners->candidates.empty()) {
        prefixes_.erase(network);
        ++generation_;
        return;
    }
    choose(*owners);
}

/// Takes in that a next hop came or went, for all its candidates of one prefix.
void RoutingTable::resort(const net::Prefix& network, NextHop next_hop, bool unreachable) {
    Owners* const owners = prefixes_.find_exact(network);
    QE_ASSERT(owners != nullptr);
    for (Candidate& candidate : owners->candidates) {
        if (candidate.next_hop == next_hop) {
            candidate.unreachable = unreachable;
        }
    }
    std::sort(owners->candidates.begin(), owners->candidates.end());
    choose(*owners);
}

void RoutingTable::choose(Owners& owners) noexcept {
    const NextHop best = owners.candidates.front().next_hop;
    generation_ += best != std::exchange(owners.best, best) ? 1U : 0U;
}

}  // namespace qe::route
