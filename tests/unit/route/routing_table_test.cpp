// SPDX-License-Identifier: Apache-2.0
#include "quicether/route/routing_table.h"

#include <algorithm>
#include <array>
#include <tuple>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"

namespace qe::route {
namespace {

using base::ErrorCode;
using net::Prefix;

constexpr NextHop kA{1};
constexpr NextHop kB{2};
constexpr NextHop kC{3};

Prefix prefix(std::string_view text) { return net::parse_prefix(text).value(); }
net::IpAddress ip(std::string_view text) { return net::parse_ip_address(text).value(); }

Route route(std::string_view text, NextHop hop, std::uint32_t metric = 0,
            Origin origin = Origin::Configured) {
    return {prefix(text), hop, origin, metric};
}

TEST(RoutingTable, TheLongestPrefixDecides) {
    RoutingTable table;
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kA)));
    ASSERT_TRUE(table.insert(route("10.1.0.0/16", kB, 1000)));
    EXPECT_EQ(table.lookup(ip("10.2.0.1")), kA);
    EXPECT_EQ(table.lookup(ip("10.1.0.1")), kB);
    EXPECT_EQ(table.lookup(ip("11.0.0.1")), std::nullopt);
    EXPECT_EQ(table.lookup(ip("fd00::1")), std::nullopt);
}

TEST(RoutingTable, LowerMetricThenLowerNextHopWins) {
    RoutingTable table;
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kC, 10)));
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kB, 10)));
    EXPECT_EQ(table.lookup(ip("10.0.0.1")), kB);
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kA, 20)));
    EXPECT_EQ(table.lookup(ip("10.0.0.1")), kB);
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kA, 5)));  // the same route, a better metric
    EXPECT_EQ(table.lookup(ip("10.0.0.1")), kA);
    EXPECT_EQ(table.size(), 3U);
    EXPECT_EQ(table.prefix_count(), 1U);
}

TEST(RoutingTable, FailsOverAndComesBack) {
    RoutingTable table;
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kA)));
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kB, 10)));
    table.set_reachable(kA, false);
    EXPECT_EQ(table.lookup(ip("10.0.0.1")), kB);
    table.set_reachable(kB, false);
    EXPECT_EQ(table.lookup(ip("10.0.0.1")), kA);  // nobody there: the best that there is
    EXPECT_FALSE(table.is_reachable(kA));
    table.set_reachable(kB, true);
    EXPECT_EQ(table.lookup(ip("10.0.0.1")), kB);
    table.set_reachable(kA, true);
    EXPECT_EQ(table.lookup(ip("10.0.0.1")), kA);
}

TEST(RoutingTable, NeverFallsBackToAWiderPrefix) {
    RoutingTable table;
    ASSERT_TRUE(table.insert(route("0.0.0.0/0", kA)));
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kB)));
    table.set_reachable(kB, false);
    EXPECT_EQ(table.lookup(ip("10.0.0.1")), kB);
    EXPECT_EQ(table.lookup(ip("8.8.8.8")), kA);
}

TEST(RoutingTable, RemembersReachabilityOfANextHopWithoutRoutes) {
    RoutingTable table;
    table.set_reachable(kA, false);
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kA)));
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kB, 10)));
    EXPECT_EQ(table.lookup(ip("10.0.0.1")), kB);
    EXPECT_TRUE(table.erase(prefix("10.0.0.0/8"), kA, Origin::Configured));
    EXPECT_FALSE(table.is_reachable(kA));
    table.erase_next_hop(kA);
    EXPECT_TRUE(table.is_reachable(kA));
}

TEST(RoutingTable, OneNextHopMayHoldAPrefixByTwoOrigins) {
    RoutingTable table;
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kA, 0, Origin::Configured)));
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kA, 0, Origin::Advertised)));
    EXPECT_EQ(table.size_of(kA), 2U);
    EXPECT_TRUE(table.erase(prefix("10.0.0.0/8"), kA, Origin::Configured));
    EXPECT_FALSE(table.erase(prefix("10.0.0.0/8"), kA, Origin::Configured));
    EXPECT_EQ(table.lookup(ip("10.0.0.1")), kA);
    EXPECT_TRUE(table.erase(prefix("10.0.0.0/8"), kA, Origin::Advertised));
    EXPECT_EQ(table.lookup(ip("10.0.0.1")), std::nullopt);
    EXPECT_EQ(table.size(), 0U);
}

TEST(RoutingTable, EveryCandidateMaySendFromItsPrefix) {
    RoutingTable table;
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kC)));
    ASSERT_TRUE(table.insert(route("10.1.0.0/16", kA)));
    ASSERT_TRUE(table.insert(route("10.1.0.0/16", kB, 10)));
    table.set_reachable(kB, false);
    EXPECT_TRUE(table.is_candidate(kA, ip("10.1.0.1")));
    EXPECT_TRUE(table.is_candidate(kB, ip("10.1.0.1")));
    EXPECT_FALSE(table.is_candidate(kC, ip("10.1.0.1")));  // only of a wider prefix
    EXPECT_TRUE(table.is_candidate(kC, ip("10.2.0.1")));
    EXPECT_FALSE(table.is_candidate(kA, ip("11.0.0.1")));
}

TEST(RoutingTable, AssignReplacesOneOriginOfOneNextHop) {
    RoutingTable table;
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kA, 0, Origin::Derived)));
    const std::array first{prefix("10.1.0.0/16"), prefix("10.2.0.0/16")};
    ASSERT_TRUE(table.assign(kA, Origin::Advertised, 5, first));
    EXPECT_EQ(table.size_of(kA), 3U);
    const auto generation = table.generation();
    ASSERT_TRUE(table.assign(kA, Origin::Advertised, 5, first));
    EXPECT_EQ(table.generation(), generation);  // nothing changed
    const std::array second{prefix("10.2.9.9/16"), prefix("10.3.0.0/16")};
    ASSERT_TRUE(table.assign(kA, Origin::Advertised, 5, second));
    EXPECT_FALSE(table.find_exact(prefix("10.1.0.0/16")));
    EXPECT_TRUE(table.find_exact(prefix("10.2.0.0/16")));
    EXPECT_TRUE(table.find_exact(prefix("10.3.0.0/16")));
    EXPECT_TRUE(table.find_exact(prefix("10.0.0.0/8")));
    EXPECT_NE(table.generation(), generation);
    ASSERT_TRUE(table.assign(kA, Origin::Advertised, 5, {}));
    EXPECT_EQ(table.size(), 1U);
}

TEST(RoutingTable, EraseNextHopLeavesTheOthers) {
    RoutingTable table;
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kA)));
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kB)));
    ASSERT_TRUE(table.insert(route("fd00::/8", kA)));
    table.erase_next_hop(kA);
    table.erase_next_hop(kC);
    EXPECT_EQ(table.size(), 1U);
    EXPECT_EQ(table.lookup(ip("10.0.0.1")), kB);
    EXPECT_EQ(table.lookup(ip("fd00::1")), std::nullopt);
}

TEST(RoutingTable, IsBoundedInAllAndPerNextHop) {
    RoutingTable table({4, 3});
    for (const char* text : {"10.0.0.0/8", "11.0.0.0/8", "12.0.0.0/8"}) {
        ASSERT_TRUE(table.insert(route(text, kA)));
    }
    EXPECT_EQ(table.insert(route("13.0.0.0/8", kA)).error().code, ErrorCode::kTableFull);
    EXPECT_TRUE(table.insert(route("10.0.0.0/8", kA, 7)));  // known: takes no room
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kB)));
    EXPECT_EQ(table.insert(route("13.0.0.0/8", kB)).error().code, ErrorCode::kTableFull);
    EXPECT_EQ(table.size(), 4U);
    EXPECT_EQ(table.lookup(ip("13.0.0.1")), std::nullopt);
    const std::array many{prefix("20.0.0.0/8"), prefix("21.0.0.0/8")};
    table.erase_next_hop(kB);
    EXPECT_EQ(table.assign(kC, Origin::Advertised, 0, many).error().code, ErrorCode::kTableFull);
    EXPECT_EQ(table.lookup(ip("20.0.0.1")), kC);
    EXPECT_EQ(table.lookup(ip("21.0.0.1")), std::nullopt);
}

TEST(RoutingTable, TheGenerationChangesWithPrefixesAndChoicesOnly) {
    RoutingTable table;
    auto last = table.generation();
    const auto changed = [&] { return std::exchange(last, table.generation()) != last; };
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kA)));
    EXPECT_TRUE(changed());
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kB, 10)));
    EXPECT_FALSE(changed());  // a second choice
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kA, 1)));
    EXPECT_FALSE(changed());  // still the best
    table.set_reachable(kB, false);
    EXPECT_FALSE(changed());
    table.set_reachable(kB, true);
    table.set_reachable(kA, false);
    EXPECT_TRUE(changed());
    table.set_reachable(kA, false);
    EXPECT_FALSE(changed());
    table.erase_next_hop(kB);
    EXPECT_TRUE(changed());
    table.erase(prefix("10.0.0.0/8"), kA, Origin::Configured);
    EXPECT_TRUE(changed());
}

TEST(RoutingTable, ListsByPrefixTheBestFirst) {
    RoutingTable table;
    ASSERT_TRUE(table.insert(route("fd00::/8", kA)));
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kB, 7, Origin::Advertised)));
    ASSERT_TRUE(table.insert(route("10.0.0.0/8", kA, 9)));
    std::vector<std::pair<Route, bool>> rows;
    table.for_each([&](const Route& row, bool best) { rows.emplace_back(row, best); });
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0], std::pair(route("10.0.0.0/8", kB, 7, Origin::Advertised), true));
    EXPECT_EQ(rows[1], std::pair(route("10.0.0.0/8", kA, 9), false));
    EXPECT_EQ(rows[2], std::pair(route("fd00::/8", kA), true));
}

/// All routes in a list; the best by sorting.
std::optional<NextHop> reference_lookup(const std::vector<Route>& routes,
                                        const std::array<bool, 8>& down, net::IpAddress address) {
    std::optional<std::tuple<unsigned, bool, std::uint32_t, NextHop>> best;
    for (const Route& r : routes) {
        if (r.prefix.contains(address)) {
            const std::tuple key(128 - r.prefix.length(),
                                 down[static_cast<std::size_t>(r.next_hop)], r.metric, r.next_hop);
            best = best ? std::min(*best, key) : key;
        }
    }
    return best ? std::optional(std::get<3>(*best)) : std::nullopt;
}

TEST(RoutingTable, AgreesWithAListOverRandomChanges) {
    base::Rng rng({});
    RoutingTable table({60, 20});
    std::vector<Route> routes;
    std::array<bool, 8> down{};
    for (int i = 0; i < 20'000; ++i) {
        const NextHop hop{static_cast<std::uint32_t>(rng.below(down.size()))};
        const auto address = net::IpAddress::v4(static_cast<std::uint32_t>(rng.below(16)) << 28);
        const Route r{Prefix(address, static_cast<unsigned>(rng.below(5))).network(), hop,
                      static_cast<Origin>(rng.below(3)), static_cast<std::uint32_t>(rng.below(3))};
        const auto same = [&](const Route& other) {
            return other.prefix == r.prefix && other.next_hop == hop && other.origin == r.origin;
        };
        const auto action = rng.below(20);
        if (action < 10) {
            if (table.insert(r)) {
                std::erase_if(routes, same);
                routes.push_back(r);
            }
        } else if (action < 16) {
            EXPECT_EQ(table.erase(r.prefix, hop, r.origin), std::erase_if(routes, same) == 1);
        } else if (action < 19) {
            down[static_cast<std::size_t>(hop)] = rng.below(2) == 0;
            table.set_reachable(hop, !down[static_cast<std::size_t>(hop)]);
        } else {
            table.erase_next_hop(hop);
            down[static_cast<std::size_t>(hop)] = false;
            std::erase_if(routes, [&](const Route& other) { return other.next_hop == hop; });
        }
        ASSERT_EQ(table.size(), routes.size());
        ASSERT_LE(table.size(), 60U);
        const auto probe = net::IpAddress::v4(static_cast<std::uint32_t>(rng.u64()));
        ASSERT_EQ(table.lookup(probe), reference_lookup(routes, down, probe));
    }
}

}  // namespace
}  // namespace qe::route
