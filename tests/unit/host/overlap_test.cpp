// SPDX-License-Identifier: Apache-2.0
#include "host/overlap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qe::host {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

net::Prefix prefix(std::string_view text) { return net::parse_prefix(text).value(); }

constexpr std::uint32_t kEth = 2;
constexpr std::uint32_t kTun = 9;

/// eth0 with 192.168.1.5/24 and fd12::5/64, a default route and one static route; the TUN device.
HostNetwork home() {
    HostNetwork network;
    network.links = {{1, "lo", 65536, true, true, true},
                     {kEth, "eth0", 1500, true, true, false},
                     {kTun, "quicether0", 1420, true, true, false}};
    network.addresses = {{1, prefix("127.0.0.1/8"), true},
                         {1, prefix("::1/128"), true},
                         {kEth, prefix("192.168.1.5/24"), true},
                         {kEth, prefix("fd12::5/64"), true},
                         {kEth, prefix("fe80::5/64"), true}};
    network.routes = {{prefix("0.0.0.0/0"), kEth, 100, 3, true, {}},
                      {prefix("192.168.1.0/24"), kEth, 0, 2, false, {}},
                      {prefix("10.20.0.0/16"), kEth, 0, 4, true, {}},
                      {prefix("fe80::/64"), kEth, 256, 2, false, {}}};
    return network;
}

node::HostPlan with_addresses(std::vector<net::Prefix> addresses) {
    node::HostPlan plan;
    plan.addresses = std::move(addresses);
    return plan;
}

node::HostPlan with_routes(std::vector<net::Prefix> routes) {
    node::HostPlan plan;
    plan.routes = std::move(routes);
    return plan;
}

TEST(AddressOverlap, JudgesEachPrefixAgainstTheHost) {
    struct Case {
        const char* ours;
        const char* other;  ///< Named in the sentence; nullptr: no conflict.
    };
    for (const Case& c : {
             Case{"100.64.0.1/16", nullptr},
             Case{"192.168.1.77/24", "192.168.1.5/24 on eth0"},
             Case{"192.168.1.77/32", "192.168.1.5/24 on eth0"},
             Case{"192.168.0.1/16", "192.168.1.5/24 on eth0"},
             Case{"192.168.2.1/24", nullptr},
             Case{"10.0.0.1/8", "the route 10.20.0.0/16 through eth0"},
             Case{"10.20.0.1/16", "the route 10.20.0.0/16 through eth0"},
             Case{"10.20.30.1/24", nullptr},  // More specific than a route by a gateway.
             Case{"10.30.0.1/16", nullptr},
             Case{"fd12::77/64", "fd12::5/64 on eth0"},
             Case{"fd12:1::1/48", nullptr},
             Case{"fd00::1/8", "fd12::5/64 on eth0"},
         }) {
        const auto overlaps = find_address_overlaps(with_addresses({prefix(c.ours)}), home(), kTun);
        ASSERT_EQ(overlaps.size(), c.other == nullptr ? 0U : 1U) << c.ours;
        if (c.other != nullptr) {
            EXPECT_THAT(overlaps[0].sentence, HasSubstr(c.ours));
            EXPECT_THAT(overlaps[0].sentence, HasSubstr(c.other));
        }
    }
}

TEST(AddressOverlap, SaysWhatToDo) {
    const auto overlaps =
        find_address_overlaps(with_addresses({prefix("192.168.1.77/24")}), home(), 0);
    ASSERT_EQ(overlaps.size(), 1U);
    EXPECT_EQ(overlaps[0].sentence,
              "overlay address 192.168.1.77/24 overlaps 192.168.1.5/24 on eth0: choose another "
              "prefix with --tun-addr");
}

TEST(AddressOverlap, LeavesOutTheTunDeviceItself) {
    HostNetwork network = home();
    network.addresses.push_back({kTun, prefix("100.64.0.1/16"), true});
    network.routes.push_back({prefix("100.64.0.0/16"), kTun, 0, 2, false, {}});
    const auto plan = with_addresses({prefix("100.64.0.1/16")});
    EXPECT_TRUE(find_address_overlaps(plan, network, kTun).empty());
    EXPECT_EQ(find_address_overlaps(plan, network, 0).size(), 1U);
}

TEST(RouteOverlap, LeavesOutOnlyTheRoutesThatWouldTakeFromTheHost) {
    const auto plan =
        with_routes({prefix("192.168.0.0/16"), prefix("192.168.1.0/24"), prefix("192.168.1.128/25"),
                     prefix("10.20.0.0/16"), prefix("10.0.0.0/8"), prefix("172.16.0.0/12"),
                     prefix("0.0.0.0/0"), prefix("fd12::/64")});
    std::vector<std::string> refused;
    for (const Overlap& overlap : find_route_overlaps(plan, home(), kTun)) {
        refused.push_back(overlap.ours.to_string());
    }
    EXPECT_THAT(refused, ElementsAre("192.168.0.0/16", "192.168.1.0/24", "192.168.1.128/25",
                                     "10.20.0.0/16", "fd12::/64"));
}

TEST(RouteOverlap, CountsRoutesWithoutGatewayAsConnected) {
    HostNetwork network = home();
    network.routes.push_back({prefix("172.16.5.0/24"), kEth, 0, 4, false, {}});
    const auto overlaps =
        find_route_overlaps(with_routes({prefix("172.16.0.0/16")}), network, kTun);
    ASSERT_EQ(overlaps.size(), 1U);
    EXPECT_EQ(overlaps[0].sentence,
              "overlay route 172.16.0.0/16 is left out: it overlaps 172.16.5.0/24 directly "
              "connected to eth0");
}

}  // namespace
}  // namespace qe::host
