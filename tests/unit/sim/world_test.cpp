// SPDX-License-Identifier: Apache-2.0
#include "sim/world.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/trace.h"
#include "small_world.h"

namespace qe::sim {
namespace {

using test::ConnectedPair;
using test::host_in;
using test::ip;
using test::network_of;
using test::prefix;
using test::SmallWorld;

/// Counts what one host sends and gets.
struct Watcher : Observer {
    explicit Watcher(HostId its_host) : host(its_host) {}
    void on_sent(HostId h, const Packet&) override { sent += h == host ? 1U : 0U; }
    void on_received(HostId h, const Packet&) override { received += h == host ? 1U : 0U; }
    void on_second() override { ++seconds; }

    HostId host;
    std::size_t sent = 0;
    std::size_t received = 0;
    std::size_t seconds = 0;
};

/// Adds homes behind NAT boxes or firewalls to the small world.
class Reachability : public ::testing::Test {
  protected:
    void SetUp() override {
        NetworkOptions home = network_of("home", "192.168.1.0/24");
        home.nat.emplace();
        home.v6 = prefix("2001:db8:2::/64");
        add(home);
        NetworkOptions other = network_of("other-home", "192.168.1.0/24");
        other.nat.emplace();
        add(other);
        NetworkOptions office = network_of("office", "192.0.2.0/25");
        office.firewall.emplace();
        add(office);
        NetworkOptions silent = network_of("silent", "192.0.2.128/25");
        silent.firewall = FirewallOptions{.udp = UdpPolicy::Block};
        add(silent);
        ASSERT_TRUE(world.topology().add_region("island").has_value());
        NetworkOptions lone = network_of("lone", "100.70.0.0/24");
        lone.parent = "island";
        add(lone);
    }
    void add(const NetworkOptions& options) {
        ASSERT_TRUE(world.topology().add_network(options).has_value()) << options.name;
    }
    [[nodiscard]] bool open(const char* from, const char* to,
                            net::Family family = net::Family::V4) const {
        return world.open_way(from, to, family);
    }
    [[nodiscard]] std::vector<std::string> endpoints(HostId host, HostId other) {
        world.know(host, other);
        std::vector<std::string> hosts;
        for (const auto& endpoint : world.host(host).config().peer.back().endpoints) {
            hosts.push_back(endpoint.host);
        }
        return hosts;
    }

    SmallWorld world;
};

TEST(World, GivesEachLabelAStreamOfItsOwn) {
    const World world(5);
    EXPECT_EQ(world.stream("a").u64(), world.stream("a").u64());
    EXPECT_NE(world.stream("a").u64(), world.stream("b").u64());
    EXPECT_NE(world.stream("a").u64(), World(6).stream("a").u64());
}

TEST(World, GivesAHostTheSameKeyWhoeverElseThereIs) {
    SmallWorld one(3);
    const HostId alone = one.add("carol");
    SmallWorld two(3);
    two.add("alice");
    const HostId third = two.add("carol");
    EXPECT_EQ(one.host(alone).node_id(), two.host(third).node_id());
    EXPECT_NE(two.host(0).node_id(), two.host(third).node_id());
}

TEST(World, AnotherHostThatSleepsChangesNothingForTheOthers) {
    const auto run = [](bool with_third) {
        SmallWorld world(4);
        world.add("alice");
        world.add("bob", "south");
        world.know_each_other();
        if (with_third) {
            world.add("carol");
        }
        Trace trace([&world] { return world.now(); });
        world.add_observer(trace);
        world.host(0).start();
        world.host(1).start();
        world.run_for(base::seconds(20));
        return trace.hash();
    };
    EXPECT_EQ(run(false), run(true));
}

TEST(World, RefusesASecondHostOfAName) {
    SmallWorld world;
    world.add("alice");
    EXPECT_FALSE(world.add_host(host_in("alice", "south")).has_value());
    EXPECT_EQ(world.host_count(), 1U);
}

TEST(World, RefusesAHostInAnUnknownNetwork) {
    SmallWorld world;
    EXPECT_FALSE(world.add_host(host_in("alice", "nowhere")).has_value());
    EXPECT_EQ(world.host_count(), 0U);
    EXPECT_FALSE(world.find_host("alice").has_value());
}

TEST(World, FindsHostsByNameAndByNode) {
    SmallWorld world;
    world.add("alice");
    const HostId bob = world.add("bob");
    EXPECT_EQ(world.find_host("bob"), bob);
    EXPECT_EQ(world.find_host(world.host(bob).node_id()), bob);
    EXPECT_FALSE(world.find_host("carol").has_value());
}

TEST(World, TellsObserversEachSecond) {
    SmallWorld world;
    Watcher watcher(0);
    world.add_observer(watcher);
    world.run_for(base::milliseconds(9500));
    EXPECT_EQ(watcher.seconds, 9U);
    EXPECT_EQ(world.elapsed(), base::milliseconds(9500));
}

TEST(World, MeshesHostsThatKnowEachOther) {
    SmallWorld world;
    for (int i = 0; i < 5; ++i) {
        world.add("host" + std::to_string(i), i % 2 == 0 ? "north" : "south");
    }
    world.know_each_other();
    world.start_all();
    const auto meshed = [&world] {
        for (HostId id = 0; id < 5; ++id) {
            if (world.host(id).connected_count() != 4) {
                return false;
            }
        }
        return true;
    };
    EXPECT_TRUE(world.run_until(meshed, base::seconds(10)));
}

TEST(World, GivesUpWaitingAtTheLimit) {
    SmallWorld world;
    EXPECT_FALSE(world.run_until([] { return false; }, base::seconds(3)));
    EXPECT_EQ(world.elapsed(), base::seconds(3));
}

TEST_F(ConnectedPair, PartitionStopsPacketsBothWaysUntilHealed) {
    Watcher at_alice(alice);
    Watcher at_bob(bob);
    world.add_observer(at_alice);
    world.add_observer(at_bob);
    world.partition({{alice}, {bob}});
    EXPECT_FALSE(world.should_connect(alice, bob));
    world.run_for(base::seconds(120));
    EXPECT_EQ(at_alice.received + at_bob.received, 0U);
    EXPECT_GT(at_alice.sent, 0U);
    EXPECT_FALSE(world.connected(alice, bob));
    world.heal();
    EXPECT_TRUE(world.should_connect(alice, bob));
    EXPECT_TRUE(world.wait_connected(alice, bob, base::seconds(180)));
}

TEST_F(ConnectedPair, PartitionMayBeOneWay) {
    Watcher at_alice(alice);
    Watcher at_bob(bob);
    world.add_observer(at_alice);
    world.add_observer(at_bob);
    world.block(alice, bob, true);
    world.run_for(base::seconds(20));
    EXPECT_EQ(at_bob.received, 0U);
    EXPECT_GT(at_alice.received, 0U);
    EXPECT_FALSE(world.should_connect(alice, bob));
    EXPECT_FALSE(world.should_connect(bob, alice));
}

TEST_F(Reachability, LetsNothingUnaskedThroughNatsAndFirewalls) {
    EXPECT_TRUE(open("north", "south"));
    EXPECT_TRUE(open("home", "south"));
    EXPECT_TRUE(open("office", "south"));
    EXPECT_FALSE(open("south", "home"));
    EXPECT_FALSE(open("south", "office"));
    EXPECT_FALSE(open("other-home", "home"));
    EXPECT_FALSE(open("silent", "south"));
}

TEST_F(Reachability, LetsIpv6PassNats) {
    EXPECT_TRUE(open("north", "home", net::Family::V6));
    EXPECT_TRUE(open("home", "north", net::Family::V6));
}

TEST_F(Reachability, LetsNeighboursTalk) {
    EXPECT_TRUE(open("home", "home"));
    EXPECT_TRUE(open("silent", "silent"));
}

TEST_F(Reachability, FollowsUplinksAndWaysBetweenRegions) {
    EXPECT_FALSE(open("north", "lone"));
    ASSERT_TRUE(world.topology().connect_regions("world", "island", {}).has_value());
    EXPECT_TRUE(open("north", "lone"));
    LinkOptions uplink = *world.topology().link_options("lone");
    uplink.down.up = false;
    ASSERT_TRUE(world.topology().set_link("lone", uplink).has_value());
    EXPECT_FALSE(open("north", "lone"));
    EXPECT_FALSE(open("lone", "north"));
}

TEST_F(Reachability, KnowsHostsByTheAddressesAtWhichTheyCanBeDialled) {
    const HostId alice = world.add("alice", "south");
    const HostId bob = world.add("bob", "home");
    const HostId carol = world.add("carol", "home");
    const HostId dave = world.add("dave", "office");
    const std::string public_address = world.host(alice).addresses().at(0).to_string();
    EXPECT_EQ(endpoints(bob, alice), std::vector<std::string>{public_address});
    EXPECT_EQ(endpoints(alice, dave), std::vector<std::string>{});
    const auto from_outside = endpoints(alice, bob);
    ASSERT_EQ(from_outside.size(), 1U);
    EXPECT_TRUE(ip(from_outside[0]).is_v6());
    EXPECT_EQ(endpoints(carol, bob).size(), 2U);
    EXPECT_TRUE(world.dialable(alice));
    EXPECT_TRUE(world.dialable(bob));
    EXPECT_FALSE(world.dialable(dave));
}

TEST_F(Reachability, LetsOneOfTwoDialIfToldSo) {
    const HostId alice = world.add("alice", "south");
    const HostId bob = world.add("bob", "north");
    const HostId carol = world.add("carol", "office");
    world.know_each_other(true);
    const auto dials = [&](HostId host, std::size_t peer) {
        return !world.host(host).config().peer.at(peer).endpoints.empty();
    };
    EXPECT_FALSE(dials(alice, 0));
    EXPECT_TRUE(dials(bob, 0));
    EXPECT_FALSE(dials(alice, 1));
    EXPECT_TRUE(dials(carol, 0));
    world.start_all();
    EXPECT_TRUE(world.wait_connected(alice, bob));
    EXPECT_TRUE(world.wait_connected(alice, carol));
}

TEST_F(Reachability, KnowingTwiceRenewsTheEntry) {
    const HostId alice = world.add("alice", "south");
    const HostId bob = world.add("bob", "north");
    world.know(alice, bob);
    ASSERT_TRUE(world.host(bob).move("eth0", "office", {}).has_value());
    world.know(alice, bob);
    ASSERT_EQ(world.host(alice).config().peer.size(), 1U);
    EXPECT_TRUE(world.host(alice).config().peer[0].endpoints.empty());
}

TEST_F(Reachability, ExpectsASessionWhereOneOfTwoCanDial) {
    const HostId alice = world.add("alice", "south");
    const HostId bob = world.add("bob", "home");
    const HostId carol = world.add("carol", "other-home");
    const HostId dave = world.add("dave", "silent");
    world.know_each_other();
    EXPECT_FALSE(world.should_connect(alice, bob)) << "nobody runs";
    world.start_all();
    EXPECT_TRUE(world.should_connect(alice, bob));
    EXPECT_TRUE(world.should_connect(bob, alice));
    EXPECT_FALSE(world.should_connect(bob, carol));
    EXPECT_FALSE(world.should_connect(alice, dave));
    world.host(bob).set_carrier("eth0", false);
    EXPECT_FALSE(world.should_connect(alice, bob));
    world.host(bob).set_carrier("eth0", true);
    EXPECT_TRUE(world.should_connect(alice, bob));
    world.host(alice).suspend();
    EXPECT_FALSE(world.should_connect(alice, bob));
}

TEST_F(Reachability, ExpectsNoSessionWithoutMutualTrust) {
    const HostId alice = world.add("alice", "south");
    const HostId bob = world.add("bob", "north");
    world.know(alice, bob);
    world.start_all();
    EXPECT_FALSE(world.should_connect(alice, bob));
}

TEST_F(Reachability, ConnectsJustThoseThatShouldBe) {
    world.add("alice", "south");
    world.add("bob", "home");
    world.add("carol", "office");
    world.add("dave", "silent");
    world.add("erin", "north");
    world.know_each_other();
    world.start_all();
    world.run_for(base::seconds(30));
    for (HostId a = 0; a < world.host_count(); ++a) {
        for (HostId b = 0; b < world.host_count(); ++b) {
            if (a != b) {
                EXPECT_EQ(world.connected(a, b), world.should_connect(a, b)) << a << " " << b;
            }
        }
    }
}

}  // namespace
}  // namespace qe::sim
