// SPDX-License-Identifier: Apache-2.0
//
// The real TUN device and the real kernel, in a namespace of each test's own.
#include "host/host_configurator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/tun_device.h"
#include "unit/host/network_namespace.h"

namespace qe::host {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

net::Prefix prefix(std::string_view text) { return net::parse_prefix(text).value(); }

node::HostPlan plan() {
    node::HostPlan plan;
    plan.tun_name = "qe-test0";
    plan.mtu = 1380;
    plan.addresses = {prefix("100.64.0.1/16"), prefix("fd00:9::1/48")};
    plan.routes = {prefix("10.0.0.0/8"), prefix("fd00:a::/32")};
    return plan;
}

/// A host that has nothing but a TUN device under a configurator.
struct World {
    Netlink netlink = std::move(*Netlink::open());
    TunDevice tun = std::move(*TunDevice::create("qe-test0"));
    HostConfigurator configurator{netlink, {}};

    World() { configurator.adopt(tun.index()); }

    [[nodiscard]] HostNetwork now() { return *netlink.dump(); }
    [[nodiscard]] bool has_route(std::string_view destination) {
        for (const RouteRecord& route : now().routes) {
            if (route.destination == prefix(destination)) {
                return true;
            }
        }
        return false;
    }
    /// Another interface with an address, as a LAN would bring.
    [[nodiscard]] TunDevice add_lan(std::string_view address) {
        TunDevice lan = std::move(*TunDevice::create("qe-lan0"));
        EXPECT_TRUE(netlink.change(make_link_up(lan.index())));
        EXPECT_TRUE(netlink.change(make_address_add(lan.index(), prefix(address))));
        return lan;
    }
};

TEST(HostConfigurator, MakesTheDeviceWhatThePlanSays) {
    QE_IN_FRESH_NAMESPACE([] {
        World world;
        EXPECT_TRUE(world.configurator.prepare(plan()));
        EXPECT_FALSE(all_bindable(plan().addresses));
        EXPECT_THAT(world.configurator.apply(plan()), IsEmpty());
        EXPECT_TRUE(all_bindable(plan().addresses)) << "at once: no duplicate address detection";
        const HostNetwork network = world.now();
        const LinkRecord* link = network.find_link(world.tun.index());
        ASSERT_NE(link, nullptr);
        EXPECT_EQ(link->mtu, 1380U);
        EXPECT_EQ(link->queue_packets, kTunQueuePackets);
        EXPECT_TRUE(link->up && link->carrier);
        EXPECT_TRUE(world.has_route("10.0.0.0/8"));
        EXPECT_TRUE(world.has_route("fd00:a::/32"));
        EXPECT_TRUE(diff_plan(plan(), {}, network, world.tun.index()).empty());
        EXPECT_EQ(network.addresses.size(), 2U) << "no link-local address of the kernel's";
    });
}

TEST(HostConfigurator, FollowsChangesOfThePlan) {
    QE_IN_FRESH_NAMESPACE([] {
        World world;
        EXPECT_THAT(world.configurator.apply(plan()), IsEmpty());
        node::HostPlan changed = plan();
        changed.mtu = 1400;
        changed.addresses[0] = prefix("100.64.0.1/24");
        changed.routes = {prefix("172.16.0.0/12")};
        EXPECT_THAT(world.configurator.apply(changed), IsEmpty());
        EXPECT_TRUE(diff_plan(changed, {}, world.now(), world.tun.index()).empty());
        EXPECT_FALSE(world.has_route("10.0.0.0/8"));
        EXPECT_FALSE(world.has_route("fd00:a::/32"));
    });
}

TEST(HostConfigurator, UndoesEverything) {
    QE_IN_FRESH_NAMESPACE([] {
        World world;
        EXPECT_THAT(world.configurator.apply(plan()), IsEmpty());
        world.configurator.undo();
        const HostNetwork network = world.now();
        EXPECT_TRUE(network.addresses.empty());
        EXPECT_FALSE(world.has_route("10.0.0.0/8"));
        EXPECT_FALSE(world.has_route("fd00:a::/32"));
    });
}

TEST(HostConfigurator, RefusesToStartOverAnotherNetwork) {
    QE_IN_FRESH_NAMESPACE([] {
        World world;
        const TunDevice lan = world.add_lan("100.64.7.1/24");
        const auto prepared = world.configurator.prepare(plan());
        ASSERT_FALSE(prepared);
        EXPECT_EQ(prepared.error(),
                  "overlay address 100.64.0.1/16 overlaps 100.64.7.1/24 on qe-lan0: choose another "
                  "prefix with --tun-addr");
    });
}

TEST(HostConfigurator, TakesBackARouteWhenItsNetworkBecomesConnected) {
    QE_IN_FRESH_NAMESPACE([] {
        World world;
        EXPECT_THAT(world.configurator.apply(plan()), IsEmpty());
        {
            const TunDevice lan = world.add_lan("10.3.0.1/16");
            const HostProblems problems = world.configurator.apply(plan());
            ASSERT_EQ(problems.size(), 1U);
            EXPECT_THAT(problems.at("route 10.0.0.0/8"), HasSubstr("10.3.0.1/16 on qe-lan0"));
            EXPECT_FALSE(world.has_route("10.0.0.0/8"));
        }
        EXPECT_THAT(world.configurator.apply(plan()), IsEmpty());
        EXPECT_TRUE(world.has_route("10.0.0.0/8"));
    });
}

TEST(HostConfigurator, MendsWhatOthersBroke) {
    QE_IN_FRESH_NAMESPACE([] {
        World world;
        EXPECT_THAT(world.configurator.apply(plan()), IsEmpty());
        EXPECT_TRUE(
            world.netlink.change(make_address_delete(world.tun.index(), prefix("100.64.0.1/16"))));
        EXPECT_FALSE(all_bindable(plan().addresses));
        EXPECT_THAT(world.configurator.apply(plan()), IsEmpty());
        EXPECT_TRUE(all_bindable(plan().addresses));
    });
}

TEST(HostConfigurator, CleansUpRoutesOfADaemonThatCrashed) {
    QE_IN_FRESH_NAMESPACE([] {
        World world;
        // A device without carrier, as a persistent TUN device left by somebody would be.
        const TunDevice live = world.add_lan("192.0.2.1/24");
        EXPECT_TRUE(world.netlink.change(make_route_add(live.index(), prefix("10.9.0.0/16"))));
        EXPECT_TRUE(world.configurator.prepare(plan()));
        EXPECT_TRUE(world.has_route("10.9.0.0/16")) << "a live daemon's route stays";
    });
}

TEST(NetlinkMonitor, HearsOfChanges) {
    QE_IN_FRESH_NAMESPACE([] {
        auto monitor = NetlinkMonitor::open();
        ASSERT_TRUE(monitor);
        EXPECT_FALSE(monitor->drain());
        World world;
        EXPECT_TRUE(monitor->drain());
        EXPECT_FALSE(monitor->drain());
    });
}

}  // namespace
}  // namespace qe::host
