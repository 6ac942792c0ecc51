// SPDX-License-Identifier: Apache-2.0
//
// Whole nodes that know nothing of each other but the id.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "quicether/node/node.h"
#include "support/world.h"

namespace qe::node {
namespace {

using base::seconds;
using testing::InFlight;
using testing::World;

net::IpAddress address_of(std::size_t number) {
    return net::IpAddress::v4(0x0a000001 + static_cast<std::uint32_t>(number));
}

class DiscoveryTest : public ::testing::Test {
  protected:
    /// Two hosts with the DHT on that know nobody, but are on one LAN.
    std::vector<World::HostId> start_strangers_on_a_lan() {
        const auto hosts = add_hosts(2);
        world_.set_one_lan(true);
        for (const World::HostId host : hosts) {
            world_.config_of(host).peer.clear();
            world_.config_of(host).discovery.lan = true;
        }
        start(hosts);
        return hosts;
    }

    /// With the DHT on; 10.0.0.1 …, each in the book of the others by id alone.
    std::vector<World::HostId> add_hosts(std::size_t count) {
        std::vector<World::HostId> hosts;
        for (std::size_t i = 0; i < count; ++i) {
            hosts.push_back(world_.add_host("host" + std::to_string(i), {address_of(next_++)}));
            world_.config_of(hosts.back()).discovery.dht = true;
        }
        for (const World::HostId a : hosts) {
            for (const World::HostId b : hosts) {
                if (a != b) {
                    world_.config_of(a).peer.push_back(world_.peer_entry(b, false));
                }
            }
        }
        return hosts;
    }

    /// One that lists nobody, and that `hosts` begin with.
    World::HostId add_bootstrap(const std::vector<World::HostId>& hosts) {
        const net::IpAddress address = address_of(next_);
        const World::HostId boot = add_hosts(1).front();
        for (const World::HostId host : hosts) {
            world_.config_of(host).discovery.bootstrap_nodes = {{address.to_string(), 9000}};
        }
        return boot;
    }

    void start(const std::vector<World::HostId>& hosts) {
        for (const World::HostId host : hosts) {
            world_.start(host);
        }
    }

    bool find_each_other(World::HostId a, World::HostId b, base::Duration limit) {
        return world_.run_until([&] { return world_.connected(a, b) && world_.connected(b, a); },
                                limit);
    }

    World world_;
    std::size_t next_ = 0;
};

TEST_F(DiscoveryTest, FindsPeersThroughABootstrapNode) {
    const auto hosts = add_hosts(2);
    start({add_bootstrap(hosts)});
    start(hosts);
    EXPECT_TRUE(find_each_other(hosts[0], hosts[1], seconds(3)));
    EXPECT_GE(world_.counter(hosts[0], "dht_searches_found") +
                  world_.counter(hosts[1], "dht_searches_found"),
              1U);
}

TEST_F(DiscoveryTest, FindsPeersOnTheLanWithoutBootstrapAndWithoutDht) {
    const auto hosts = add_hosts(2);
    world_.set_one_lan(true);
    for (const World::HostId host : hosts) {
        world_.config_of(host).discovery.dht = false;
        world_.config_of(host).discovery.lan = true;
    }
    start(hosts);
    EXPECT_TRUE(find_each_other(hosts[0], hosts[1], seconds(3)));
}

TEST_F(DiscoveryTest, TheLanLeadsIntoTheDht) {
    const auto hosts = start_strangers_on_a_lan();
    EXPECT_TRUE(world_.run_until([&] { return world_.status(hosts[0]).discovery_contacts == 1; },
                                 seconds(3)));
}

TEST_F(DiscoveryTest, ANeighbourInTheTableIsNotAskedAnewWheneverItIsHeard) {
    const auto hosts = start_strangers_on_a_lan();
    world_.run_for(seconds(20));
    ASSERT_EQ(world_.status(hosts[0]).discovery_contacts, 1U);
    const std::uint64_t heard = world_.counter(hosts[0], "lan_heard");
    const std::uint64_t asked = world_.counter(hosts[0], "dht_queries_sent");
    world_.run_for(seconds(180));
    EXPECT_GE(world_.counter(hosts[0], "lan_heard"), heard + 2);
    EXPECT_EQ(world_.counter(hosts[0], "dht_queries_sent"), asked);
}

TEST_F(DiscoveryTest, SwarmsStayApart) {
    const auto hosts = add_hosts(2);
    world_.set_one_lan(true);
    for (const World::HostId host : hosts) {
        world_.config_of(host).discovery.lan = true;
    }
    world_.config_of(hosts[1]).discovery.swarm = "another";
    const auto boot = add_bootstrap(hosts);
    start({boot});
    start(hosts);
    EXPECT_FALSE(find_each_other(hosts[0], hosts[1], seconds(20)));
    EXPECT_EQ(world_.status(hosts[1]).discovery, "alone");
    EXPECT_GE(world_.counter(boot, "dht_dropped_mac"), 1U);
}

TEST_F(DiscoveryTest, ForgedQueriesProveNoReachability) {
    const auto hosts = add_hosts(1);
    start({add_bootstrap(hosts)});
    start(hosts);
    ASSERT_TRUE(world_.run_until([&] { return world_.status(hosts[0]).discovery == "unproven"; },
                                 seconds(5)));
    const std::string forged = "d1:t2:aa1:y1:q1:z16:0123456789abcdefe";
    const base::ByteView bytes = base::as_bytes(forged);
    for (std::size_t i = 0; i < 100; ++i) {
        world_.inject({address_of(1000 + i), 9000}, {address_of(0), 9000},
                      {bytes.begin(), bytes.end()});
    }
    world_.run_for(seconds(1));
    EXPECT_EQ(world_.counter(hosts[0], "dht_dropped_mac"), 100U);
    EXPECT_EQ(world_.status(hosts[0]).discovery, "unproven");
}

TEST_F(DiscoveryTest, FindsPeersDuringAFlood) {
    const auto hosts = add_hosts(2);
    start({add_bootstrap(hosts)});
    const std::string forged = "d1:t2:aa1:y1:q1:z16:0123456789abcdefe";
    const base::ByteView bytes = base::as_bytes(forged);
    start(hosts);
    std::uint32_t sent = 0;
    const auto flood = [&] {
        for (int i = 0; i < 500; ++i) {
            world_.inject({net::IpAddress::v4(0x14000000 + sent % 1000), 9000},
                          {address_of(sent % 2), 9000}, {bytes.begin(), bytes.end()});
            ++sent;
        }
    };
    for (int tens_of_ms = 0; tens_of_ms < 300; ++tens_of_ms) {
        flood();  // 50,000 a second
        world_.run_for(base::milliseconds(10));
    }
    EXPECT_TRUE(world_.connected(hosts[0], hosts[1]) && world_.connected(hosts[1], hosts[0]));
    EXPECT_GT(world_.counter(hosts[0], "dht_dropped_flood"), 10'000U);
}

TEST_F(DiscoveryTest, FindsPeersAgainAfterBothHaveMoved) {
    const auto hosts = add_hosts(2);
    start({add_bootstrap(hosts)});
    start(hosts);
    ASSERT_TRUE(find_each_other(hosts[0], hosts[1], seconds(3)));
    world_.run_for(seconds(10));
    world_.crash(hosts[0]);
    world_.set_addresses(hosts[0], {address_of(100)});
    world_.set_addresses(hosts[1], {address_of(101)});
    world_.run_for(seconds(30));
    world_.start(hosts[0]);
    EXPECT_TRUE(find_each_other(hosts[0], hosts[1], seconds(10)));
}

TEST_F(DiscoveryTest, BeginsWithTheContactsOfTheLastRun) {
    const auto hosts = add_hosts(2);
    const auto helper = add_hosts(1).front();
    const auto boot = add_bootstrap({hosts[0], hosts[1], helper});
    world_.set_restores(true);
    start({boot, helper});
    start(hosts);
    ASSERT_TRUE(find_each_other(hosts[0], hosts[1], seconds(3)));
    world_.run_for(seconds(120));
    world_.crash(boot);
    world_.crash(hosts[0]);
    world_.forget_state(hosts[0], "peers");
    world_.set_addresses(hosts[0], {address_of(100)});
    world_.set_addresses(hosts[1], {address_of(101)});
    world_.run_for(seconds(30));
    world_.start(hosts[0]);
    EXPECT_TRUE(find_each_other(hosts[0], hosts[1], seconds(20)));
}

TEST_F(DiscoveryTest, SleepsWhileItIsAlone) {
    const auto hosts = add_hosts(2);
    std::size_t sent = 0;
    world_.set_filter([&sent](const InFlight&) { return ++sent > 0; });
    start({hosts[0]});
    world_.run_for(seconds(5));
    const std::uint64_t before = world_.wake_ups(hosts[0]);
    world_.run_for(seconds(3600));
    EXPECT_LE(world_.wake_ups(hosts[0]) - before, 120U) << "more often than each 30 s";
    EXPECT_EQ(sent, 0U);
}

TEST_F(DiscoveryTest, AsksADeadBootstrapNodeLessAndLess) {
    const auto hosts = add_hosts(2);
    add_bootstrap(hosts);
    std::size_t sent = 0;
    world_.set_filter([&sent](const InFlight&) { return ++sent > 0; });
    start({hosts[0]});
    world_.run_for(seconds(600));
    sent = 0;
    world_.run_for(seconds(3600));
    EXPECT_GE(sent, 10U);
    EXPECT_LE(sent, 240U);
}

TEST_F(DiscoveryTest, ALightNodeFindsOthersAndServesNobody) {
    const auto hosts = add_hosts(2);
    world_.config_of(hosts[0]).node.role = config::NodeRole::Light;
    const auto boot = add_bootstrap(hosts);
    start({boot});
    start(hosts);
    EXPECT_TRUE(find_each_other(hosts[0], hosts[1], seconds(3)));
    EXPECT_EQ(world_.status(hosts[0]).discovery, "read-only");
    EXPECT_EQ(world_.status(boot).discovery_contacts, 1U);
}

TEST_F(DiscoveryTest, AnswersOperators) {
    const auto hosts = add_hosts(2);
    start({add_bootstrap(hosts)});
    start(hosts);
    ASSERT_TRUE(find_each_other(hosts[0], hosts[1], seconds(3)));
    const auto put = std::get<control::DhtPutReply>(
        world_.ask(hosts[0], control::DhtPutRequest{"hello", false, ""}));
    EXPECT_GE(put.accepted, 1U);
    const auto got = std::get<control::DhtGetReply>(
        world_.ask(hosts[1], control::DhtGetRequest{put.target, ""}));
    EXPECT_EQ(got.text, "hello");
    const auto found =
        std::get<control::DhtLookupReply>(world_.ask(hosts[1], control::DhtLookupRequest{"host0"}));
    EXPECT_TRUE(found.has_record);
    EXPECT_EQ(found.addresses, (std::vector<std::string>{"10.0.0.1:9000"}));
    const auto announced = std::get<control::DhtAnnounceReply>(
        world_.ask(hosts[0], control::DhtAnnounceRequest{put.target, 7001}));
    EXPECT_GE(announced.accepted, 1U);
    const auto peers = std::get<control::DhtPeersReply>(
        world_.ask(hosts[1], control::DhtPeersRequest{put.target}));
    EXPECT_EQ(peers.peers, (std::vector<std::string>{"10.0.0.1:7001"}));
    const auto status =
        std::get<control::DhtStatusReply>(world_.ask(hosts[0], control::DhtStatusRequest{}));
    EXPECT_EQ(status.published, (std::vector<std::string>{"10.0.0.1:9000"}));
}

TEST_F(DiscoveryTest, RefusesRequestsWithoutDht) {
    const auto hosts = add_hosts(1);
    world_.config_of(hosts[0]).discovery.dht = false;
    start(hosts);
    EXPECT_TRUE(std::holds_alternative<control::ErrorReply>(
        world_.ask(hosts[0], control::DhtNodesRequest{})));
    const auto status =
        std::get<control::DhtStatusReply>(world_.ask(hosts[0], control::DhtStatusRequest{}));
    EXPECT_EQ(status.state, "off");
}

}  // namespace
}  // namespace qe::node
