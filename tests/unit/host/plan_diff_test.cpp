// SPDX-License-Identifier: Apache-2.0
#include "host/plan_diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace qe::host {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint32_t kTun = 9;

net::Prefix prefix(std::string_view text) { return net::parse_prefix(text).value(); }

node::HostPlan plan() {
    node::HostPlan plan;
    plan.mtu = 1420;
    plan.addresses = {prefix("100.64.0.1/16"), prefix("fd00::1/48")};
    plan.routes = {prefix("10.0.0.0/8"), prefix("10.1.0.0/16")};
    return plan;
}

RouteRecord our_route(std::string_view destination) {
    return {prefix(destination), kTun, 0, kRouteProtocol, false, {}};
}

/// The kernel's state once plan() has been applied.
HostNetwork applied() {
    HostNetwork network;
    network.links = {{kTun, "quicether0", 1420, true, true, false}};
    network.addresses = {{kTun, prefix("100.64.0.1/16"), true},
                         {kTun, prefix("fd00::1/48"), true},
                         {kTun, prefix("fe80::1/64"), true}};
    network.routes = {{prefix("100.64.0.0/16"), kTun, 0, 2, false, {}},
                      our_route("10.0.0.0/8"),
                      our_route("10.1.0.0/16")};
    return network;
}

TEST(PlanDiff, IsEmptyOnceApplied) { EXPECT_TRUE(diff_plan(plan(), {}, applied(), kTun).empty()); }

TEST(PlanDiff, AddsEverythingToAFreshDevice) {
    HostNetwork network;
    network.links = {{kTun, "quicether0", 1500, false, false, false}};
    const PlanDiff diff = diff_plan(plan(), {}, network, kTun);
    EXPECT_EQ(diff.mtu, 1420U);
    EXPECT_TRUE(diff.set_up);
    EXPECT_THAT(diff.add_addresses, ElementsAre(prefix("100.64.0.1/16"), prefix("fd00::1/48")));
    EXPECT_THAT(diff.add_routes, ElementsAre(prefix("10.0.0.0/8"), prefix("10.1.0.0/16")));
    EXPECT_THAT(diff.remove_addresses, IsEmpty());
}

TEST(PlanDiff, ReplacesAnAddressWhosePrefixLengthChanged) {
    node::HostPlan changed = plan();
    changed.addresses[0] = prefix("100.64.0.1/24");
    const PlanDiff diff = diff_plan(changed, {}, applied(), kTun);
    EXPECT_THAT(diff.remove_addresses, ElementsAre(prefix("100.64.0.1/16")));
    EXPECT_THAT(diff.add_addresses, ElementsAre(prefix("100.64.0.1/24")));
}

TEST(PlanDiff, RemovesRoutesOfOursOnly) {
    HostNetwork network = applied();
    network.routes.push_back(our_route("172.16.0.0/12"));
    network.routes.push_back({prefix("172.17.0.0/16"), kTun, 0, 4, false, {}});  // An admin's.
    network.routes.push_back({prefix("172.18.0.0/16"), 3, 0, kRouteProtocol, false, {}});
    const PlanDiff diff = diff_plan(plan(), {}, network, kTun);
    ASSERT_EQ(diff.remove_routes.size(), 1U);
    EXPECT_EQ(diff.remove_routes[0].destination, prefix("172.16.0.0/12"));
    EXPECT_THAT(diff.add_routes, IsEmpty());
}

TEST(PlanDiff, TakesAwayARouteThatIsLeftOutNow) {
    const PlanDiff diff = diff_plan(plan(), {prefix("10.1.0.0/16")}, applied(), kTun);
    ASSERT_EQ(diff.remove_routes.size(), 1U);
    EXPECT_EQ(diff.remove_routes[0].destination, prefix("10.1.0.0/16"));
}

TEST(PlanDiff, PutsBackWhatSomebodyRemoved) {
    HostNetwork network = applied();
    network.addresses.erase(network.addresses.begin());
    network.routes.pop_back();
    network.links[0].up = false;
    const PlanDiff diff = diff_plan(plan(), {}, network, kTun);
    EXPECT_THAT(diff.add_addresses, ElementsAre(prefix("100.64.0.1/16")));
    EXPECT_THAT(diff.add_routes, ElementsAre(prefix("10.1.0.0/16")));
    EXPECT_TRUE(diff.set_up);
}

TEST(PlanDiff, EmptyPlanRemovesAllButTheKernelsOwn) {
    const PlanDiff diff = diff_plan({}, {}, applied(), kTun);
    EXPECT_THAT(diff.remove_addresses, ElementsAre(prefix("100.64.0.1/16"), prefix("fd00::1/48")));
    EXPECT_EQ(diff.remove_routes.size(), 2U);
}

TEST(NetworkView, LeavesOutTheTunDeviceOurRoutesAndUnusableAddresses) {
    HostNetwork network = applied();
    network.links.push_back({2, "eth0", 1500, true, true, false});
    network.links.push_back({1, "lo", 65536, true, true, true});
    network.addresses.push_back({2, prefix("192.0.2.1/24"), true});
    network.addresses.push_back({2, prefix("2001:db8::1/64"), false});
    network.routes.push_back({prefix("0.0.0.0/0"), 2, 100, 3, true, prefix("192.0.2.1").address()});
    const node::NetworkView view = to_network_view(network, kTun);
    ASSERT_EQ(view.interfaces.size(), 2U);
    EXPECT_TRUE(view.interfaces[0].loopback);
    EXPECT_EQ(view.interfaces[1].name, "eth0");
    EXPECT_THAT(view.interfaces[1].addresses, ElementsAre(prefix("192.0.2.1/24")));
    ASSERT_EQ(view.routes.size(), 1U);
    EXPECT_EQ(view.routes[0].metric, 100U);
    EXPECT_EQ(view.routes[0].source, prefix("192.0.2.1").address());
}

TEST(NetworkView, ComparesEqualWhateverTheOrderOfLinksAndRoutes) {
    HostNetwork network = applied();
    network.links.push_back({2, "eth0", 1500, true, true, false});
    network.routes.push_back({prefix("0.0.0.0/0"), 2, 100, 3, true, {}});
    network.routes.push_back({prefix("192.0.2.0/24"), 2, 0, 2, false, {}});
    HostNetwork shuffled = network;
    std::reverse(shuffled.links.begin(), shuffled.links.end());
    std::reverse(shuffled.routes.begin(), shuffled.routes.end());
    EXPECT_TRUE(same_view(to_network_view(network, kTun), to_network_view(shuffled, kTun)));
    shuffled.links[0].mtu = 1499;
    shuffled.links[1].mtu = 1499;
    EXPECT_FALSE(same_view(to_network_view(network, kTun), to_network_view(shuffled, kTun)));
}

TEST(Leftovers, AreOurRoutesWithoutALiveDevice) {
    HostNetwork network = applied();  // A live daemon's device.
    network.links.push_back({5, "old0", 1420, true, false, false});
    network.routes.push_back({prefix("10.5.0.0/16"), 5, 0, kRouteProtocol, false, {}});
    network.routes.push_back({prefix("10.6.0.0/16"), 0, 0, kRouteProtocol, false, {}});
    network.routes.push_back({prefix("10.7.0.0/16"), 5, 0, 4, false, {}});
    const auto leftovers = find_leftover_routes(network);
    ASSERT_EQ(leftovers.size(), 2U);
    EXPECT_EQ(leftovers[0].destination, prefix("10.5.0.0/16"));
    EXPECT_EQ(leftovers[1].destination, prefix("10.6.0.0/16"));
}

}  // namespace
}  // namespace qe::host
