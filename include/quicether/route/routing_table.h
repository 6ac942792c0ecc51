// SPDX-License-Identifier: Apache-2.0
//
// RoutingTable: which next hop owns which overlay prefix, with alternatives and failover.
//
// A next hop is a number of the owner's choosing (a peer, or this node itself). One prefix may have
// several candidates; the best is the first by: reachable before unreachable, lower metric, lower
// next hop, then the order of Origin. The owner says who is reachable; the table never asks.
//
// The longest prefix decides alone. When none of its candidates is reachable, lookup still names
// the best of them, instead of falling back to a wider prefix: traffic for a network whose owner is
// away must not leave through someone else's default route. The owner of this table sees that the
// next hop is unreachable, and dials it or answers with an ICMP error.
//
// Bounded in all and per next hop. generation() tells the shell when to mirror prefixes again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "quicether/base/result.h"
#include "quicether/net/ip_address.h"
#include "quicether/route/prefix_table.h"

namespace qe::route {

/// A number that the owner of the table gives a meaning.
enum class NextHop : std::uint32_t {};

/// Where a route was learnt.
enum class Origin : std::uint8_t {
    Configured,  ///< The operator wrote it down.
    Derived,     ///< It follows from a NodeId.
    Advertised,  ///< The peer said so, and was entitled to.
};

/// One candidate. (prefix, next_hop, origin) names it.
struct Route {
    net::Prefix prefix;  ///< Host bits do not matter.
    NextHop next_hop{};
    Origin origin = Origin::Configured;
    std::uint32_t metric = 0;  ///< Lower is better.

    friend bool operator==(const Route&, const Route&) = default;
};

struct RoutingTableOptions {
    std::size_t entries_max = 100'000;  ///< Routes of all next hops together.
    std::size_t entries_per_next_hop_max = 10'000;
};

class RoutingTable {
  public:
    explicit RoutingTable(const RoutingTableOptions& options = {}) noexcept : options_(options) {}

    /// Adds a route, or changes the metric of the one with the same name.
    /// Errors: kTableFull (a bound would be passed; nothing changed).
    base::Status insert(const Route& route);
    /// False when there was no such route.
    bool erase(const net::Prefix& prefix, NextHop next_hop, Origin origin);
    /// Makes `prefixes` the routes of one origin of a next hop, leaving those that stay untouched.
    /// Errors: kTableFull (some are missing: as many as fit were added, in the given order).
    base::Status assign(NextHop next_hop, Origin origin, std::uint32_t metric,
                        std::span<const net::Prefix> prefixes);
    /// Drops all routes of a next hop, and what was said about its reachability.
    void erase_next_hop(NextHop next_hop);

    /// Next hops are reachable until this says otherwise; it is remembered without routes too,
    /// until erase_next_hop(). Costs one step for each route of the next hop.
    void set_reachable(NextHop next_hop, bool reachable);
    [[nodiscard]] bool is_reachable(NextHop next_hop) const noexcept;

    /// The best candidate of the longest prefix that contains `address`.
    [[nodiscard]] std::optional<NextHop> lookup(const net::IpAddress& address) const noexcept;
    /// The best candidate of exactly this prefix.
    [[nodiscard]] std::optional<NextHop> find_exact(const net::Prefix& prefix) const noexcept;
    /// True when the next hop is any candidate of the longest prefix that contains `address`: the
    /// test for source addresses, which failover and metrics must not make fail.
    [[nodiscard]] bool is_candidate(NextHop next_hop, const net::IpAddress& address) const noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t prefix_count() const noexcept { return prefixes_.size(); }
    [[nodiscard]] std::size_t size_of(NextHop next_hop) const noexcept;
    /// Changes whenever the set of prefixes or the best candidate of one of them changes.
    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }

    /// Calls `visit(const Route&, bool best)` by prefix, the best candidate first.
    template <typename Visitor>
    void for_each(Visitor&& visit) const {
        prefixes_.for_each([&](const net::Prefix& prefix, const Owners& owners) {
            bool best = true;
            for (const Candidate& candidate : owners.candidates) {
                visit(Route{prefix, candidate.next_hop, candidate.origin, candidate.metric},
                      std::exchange(best, false));
            }
        });
    }

  private:
    struct Candidate {
        bool unreachable = false;  ///< First: members are compared in this order.
        std::uint32_t metric = 0;
        NextHop next_hop{};
        Origin origin = Origin::Configured;

        friend auto operator<=>(const Candidate&, const Candidate&) = default;
    };
    /// Of one prefix. Candidates are never empty and sorted; the first one's next hop is `best`,
    /// kept here so that a lookup need not follow the vector.
    struct Owners {
        NextHop best{};
        std::vector<Candidate> candidates;
    };
    using RouteName = std::pair<net::Prefix, Origin>;
    struct Hop {
        bool unreachable = false;
        std::set<RouteName> routes;
    };

    [[nodiscard]] static bool names(const Candidate& candidate, NextHop next_hop,
                                    Origin origin) noexcept;
    void put(const net::Prefix& network, const Candidate& candidate);
    void remove(const net::Prefix& network, NextHop next_hop, Origin origin);
    void resort(const net::Prefix& network, NextHop next_hop, bool unreachable);
    void choose(Owners& owners) noexcept;

    RoutingTableOptions options_;
    PrefixTable<Owners> prefixes_;
    std::map<NextHop, Hop> hops_;
    std::size_t size_ = 0;
    std::uint64_t generation_ = 0;
};

}  // namespace qe::route
