// SPDX-License-Identifier: Apache-2.0
//
// Whole nodes in the in-memory World: connecting, losing and finding each other again.
#include "quicether/node/node.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/packets.h"
#include "support/world.h"

namespace qe::node {
namespace {

using base::milliseconds;
using base::seconds;
using net::Family;
using testing::InFlight;
using testing::make_udp_packet;
using testing::PacketShape;
using testing::World;

net::IpAddress ip(std::string_view text) { return *net::parse_ip_address(text); }

class NodeTest : public ::testing::Test {
  protected:
    /// Hosts 10.0.0.1 … that all know each other's endpoints; not started.
    std::vector<World::HostId> add_mesh(std::size_t size) {
        std::vector<World::HostId> hosts;
        for (std::size_t i = 0; i < size; ++i) {
            hosts.push_back(
                world_.add_host("host" + std::to_string(i),
                                {net::IpAddress::v4(0x0a000001 + static_cast<std::uint32_t>(i))}));
        }
        world_.know_each_other(hosts);
        return hosts;
    }

    void start_all(const std::vector<World::HostId>& hosts) {
        for (const World::HostId host : hosts) {
            world_.start(host);
        }
    }

    bool all_connected(const std::vector<World::HostId>& hosts) {
        for (const World::HostId a : hosts) {
            for (const World::HostId b : hosts) {
                if (a != b && !world_.connected(a, b)) {
                    return false;
                }
            }
        }
        return true;
    }

    bool wait_connected(const std::vector<World::HostId>& hosts,
                        base::Duration limit = seconds(5)) {
        return world_.run_until([&] { return all_connected(hosts); }, limit);
    }

    base::Bytes packet(World::HostId from, World::HostId to, Family family = Family::V4,
                       std::size_t size = 100, std::uint8_t hop_limit = 64) {
        return make_udp_packet({world_.overlay_address(from, family),
                                world_.overlay_address(to, family), size, hop_limit});
    }

    bool arrives(World::HostId from, World::HostId to, Family family = Family::V4,
                 std::size_t size = 100) {
        const base::Bytes sent = packet(from, to, family, size);
        world_.take_received(to);
        world_.send_ip(from, sent);
        world_.run_for(milliseconds(200));
        const auto received = world_.take_received(to);
        return std::find(received.begin(), received.end(), sent) != received.end();
    }

    control::PeerReply peer_of(World::HostId host, World::HostId other) {
        for (const control::PeerReply& peer : world_.peers(host)) {
            if (peer.node_id == world_.id_of(other).to_string()) {
                return peer;
            }
        }
        return {};
    }

    World world_;
};

TEST_F(NodeTest, TwoNodesConnectAndCarryPacketsOfBothFamilies) {
    const auto hosts = add_mesh(2);
    start_all(hosts);
    ASSERT_TRUE(wait_connected(hosts));
    world_.run_for(milliseconds(100));
    for (const Family family : {Family::V4, Family::V6}) {
        EXPECT_TRUE(arrives(0, 1, family));
        EXPECT_TRUE(arrives(1, 0, family));
    }
}

TEST_F(NodeTest, FiveNodesFormACompleteMeshOverOneLinkForEachPair) {
    const auto hosts = add_mesh(5);
    start_all(hosts);
    ASSERT_TRUE(wait_connected(hosts, seconds(1)));
    world_.run_for(seconds(3));
    for (const World::HostId host : hosts) {
        EXPECT_EQ(world_.status(host).peers_connected, 4U);
        for (const control::PeerReply& peer : world_.peers(host)) {
            EXPECT_EQ(peer.paths.size(), 1U) << peer.name;
        }
    }
    EXPECT_TRUE(arrives(0, 4));
    EXPECT_TRUE(arrives(3, 2, Family::V6));
}

TEST_F(NodeTest, OneEndpointIsEnoughForAPair) {
    world_.add_host("dialler", {ip("10.0.0.1")});
    world_.add_host("waiter", {ip("10.0.0.2")});
    world_.config_of(0).peer = {world_.peer_entry(1)};
    world_.config_of(1).peer = {world_.peer_entry(0, false)};
    start_all({0, 1});
    EXPECT_TRUE(wait_connected({0, 1}));
}

TEST_F(NodeTest, ConnectsOverAnUnderlayThatLosesEveryFifthDatagram) {
    const auto hosts = add_mesh(2);
    std::uint64_t count = 0;
    world_.set_filter([&count](const InFlight&) { return ++count % 5 != 0; });
    start_all(hosts);
    EXPECT_TRUE(wait_connected(hosts, seconds(10)));
}

TEST_F(NodeTest, NoticesADeadPeerWithinFiveSecondsAndTakesItBackAfterARestart) {
    const auto hosts = add_mesh(3);
    start_all(hosts);
    ASSERT_TRUE(wait_connected(hosts));
    world_.run_for(seconds(10));
    const std::string session = peer_of(0, 1).session_id;
    world_.crash(2);
    EXPECT_TRUE(world_.run_until([&] { return !world_.connected(0, 2) && !world_.connected(1, 2); },
                                 seconds(5)));
    EXPECT_TRUE(arrives(0, 1));
    EXPECT_EQ(peer_of(0, 1).session_id, session);
    world_.run_for(seconds(60));
    world_.start(2);
    EXPECT_TRUE(wait_connected(hosts, seconds(2)));
    world_.run_for(milliseconds(100));
    EXPECT_TRUE(arrives(0, 2));
    EXPECT_TRUE(arrives(2, 1));
}

TEST_F(NodeTest, ARestartIsFoundOutAtOnceWhenThePeerAnswersAgain) {
    world_.add_host("dialler", {ip("10.0.0.1")});
    world_.add_host("waiter", {ip("10.0.0.2")});
    world_.config_of(0).peer = {world_.peer_entry(1)};
    world_.config_of(1).peer = {world_.peer_entry(0, false)};
    start_all({0, 1});
    ASSERT_TRUE(wait_connected({0, 1}));
    world_.run_for(seconds(6));
    world_.crash(1);
    world_.run_for(milliseconds(500));
    world_.start(1);  // knows no endpoint of host 0: only a stateless reset can tell it
    EXPECT_TRUE(world_.run_until([&] { return world_.connected(1, 0); }, seconds(3)));
    EXPECT_GE(world_.counter(0, "quic_stateless_resets_received"), 1U);
}

TEST_F(NodeTest, TheDiallerMovesToAnotherAddressWithoutANewHandshake) {
    world_.add_host("roamer", {ip("10.0.0.1")});
    world_.add_host("fixed", {ip("10.0.0.2")});
    world_.config_of(0).peer = {world_.peer_entry(1)};
    world_.config_of(1).peer = {world_.peer_entry(0, false)};
    start_all({0, 1});
    ASSERT_TRUE(wait_connected({0, 1}));
    world_.run_for(seconds(6));
    const control::PeerReply before = peer_of(1, 0);
    world_.set_addresses(0, {ip("10.0.0.77")});
    world_.run_for(seconds(1));
    EXPECT_TRUE(arrives(0, 1));
    EXPECT_TRUE(arrives(1, 0));
    const control::PeerReply after = peer_of(1, 0);
    EXPECT_EQ(after.session_id, before.session_id);
    EXPECT_GT(after.migrations, before.migrations);
    ASSERT_EQ(after.paths.size(), 1U);
    EXPECT_EQ(after.paths[0].remote, "10.0.0.77:9000");
    EXPECT_EQ(world_.counter(1, "links_established"), 1U);
}

TEST_F(NodeTest, TheAcceptingEndMovesAndKeepsItsSession) {
    world_.add_host("fixed", {ip("10.0.0.1")});
    world_.add_host("roamer", {ip("10.0.0.2")});
    world_.config_of(0).peer = {world_.peer_entry(1)};
    world_.config_of(1).peer = {world_.peer_entry(0, false)};
    start_all({0, 1});
    ASSERT_TRUE(wait_connected({0, 1}));
    world_.run_for(seconds(6));
    const std::string at_fixed = peer_of(0, 1).session_id;
    const std::string at_roamer = peer_of(1, 0).session_id;
    world_.set_addresses(1, {ip("10.0.0.88")});
    world_.run_for(seconds(1));
    EXPECT_TRUE(arrives(0, 1));
    EXPECT_TRUE(arrives(1, 0));
    EXPECT_EQ(peer_of(0, 1).session_id, at_fixed);
    EXPECT_EQ(peer_of(1, 0).session_id, at_roamer);
}

TEST_F(NodeTest, ASessionSurvivesAnOutageOfTenSeconds) {
    const auto hosts = add_mesh(2);
    start_all(hosts);
    ASSERT_TRUE(wait_connected(hosts));
    world_.run_for(seconds(6));
    const std::string session = peer_of(0, 1).session_id;
    world_.set_filter([](const InFlight&) { return false; });
    world_.run_for(seconds(10));
    EXPECT_FALSE(world_.connected(0, 1));
    world_.set_filter(nullptr);
    EXPECT_TRUE(wait_connected(hosts, seconds(35)));
    EXPECT_EQ(peer_of(0, 1).session_id, session);
}

TEST_F(NodeTest, WhoIsConnectedAgainAfterAnOutageUnderLoadCanSend) {
    const auto hosts = add_mesh(2);
    start_all(hosts);
    ASSERT_TRUE(wait_connected(hosts));
    for (base::Duration outage = seconds(8); outage < seconds(16); outage += milliseconds(400)) {
        world_.run_for(seconds(6));
        world_.set_filter([](const InFlight&) { return false; });
        for (int i = 0; i < 200; ++i) {
            world_.send_ip(0, packet(0, 1, Family::V4, 1200));
            world_.run_for(milliseconds(10));
        }
        world_.send_ip(1, packet(1, 0));
        world_.run_for(outage);
        world_.set_filter(nullptr);
        ASSERT_TRUE(wait_connected(hosts, seconds(35)));
        EXPECT_TRUE(arrives(0, 1)) << "after " << outage.count();
        EXPECT_TRUE(arrives(1, 0)) << "after " << outage.count();
    }
}

TEST_F(NodeTest, ANetworkChangeDialsAtOnceInsteadOfWaitingForTheBackOff) {
    const auto hosts = add_mesh(2);
    world_.start(0);
    world_.run_for(seconds(90));
    world_.start(1);
    world_.crash(1);
    world_.config_of(1).peer = {world_.peer_entry(0, false)};
    world_.start(1);
    world_.set_addresses(0, {ip("10.0.0.1"), ip("10.0.0.99")});
    EXPECT_TRUE(wait_connected(hosts, seconds(1)));
}

TEST_F(NodeTest, AGracefulStopIsSeenAtOnce) {
    const auto hosts = add_mesh(2);
    start_all(hosts);
    ASSERT_TRUE(wait_connected(hosts));
    world_.run_for(seconds(1));
    world_.shutdown(1, "maintenance");
    EXPECT_TRUE(world_.run_until([&] { return !world_.connected(0, 1); }, milliseconds(100)));
    EXPECT_NE(peer_of(0, 1).last_error.find("maintenance"), std::string::npos);
}

TEST_F(NodeTest, AnIdlePairStaysQuiet) {
    const auto hosts = add_mesh(2);
    start_all(hosts);
    ASSERT_TRUE(wait_connected(hosts));
    world_.run_for(seconds(20));
    std::size_t datagrams = 0;
    std::size_t bytes = 0;
    world_.set_filter([&](const InFlight& d) {
        ++datagrams;
        bytes += d.bytes.size();
        return true;
    });
    world_.run_for(seconds(60));
    EXPECT_LE(datagrams, 200U);
    EXPECT_LE(bytes, 20'000U);
}

TEST_F(NodeTest, PingsAPeerByNameIdPrefixAndOverlayAddress) {
    const auto hosts = add_mesh(2);
    start_all(hosts);
    ASSERT_TRUE(wait_connected(hosts));
    world_.run_for(milliseconds(100));
    const std::string address = world_.overlay_address(1, Family::V6).to_string();
    for (const std::string& who :
         {std::string("host1"), world_.id_of(1).to_string().substr(0, 8), address}) {
        const auto reply = world_.ask(0, control::PingRequest{who, 1000});
        ASSERT_TRUE(std::holds_alternative<control::PingReply>(reply)) << who;
        EXPECT_GE(std::get<control::PingReply>(reply).rtt_us, 10'000U);
        EXPECT_EQ(std::get<control::PingReply>(reply).path_remote, "10.0.0.2:9000");
    }
    const auto unknown = world_.ask(0, control::PingRequest{"nobody", 1000});
    EXPECT_EQ(std::get<control::ErrorReply>(unknown).kind, control::ErrorKind::UnknownPeer);
}

TEST_F(NodeTest, APingToASilentPeerEndsInTime) {
    const auto hosts = add_mesh(2);
    start_all(hosts);
    ASSERT_TRUE(wait_connected(hosts));
    world_.run_for(milliseconds(100));
    world_.set_filter([](const InFlight&) { return false; });
    const base::Instant asked = world_.now();
    const auto reply = world_.ask(0, control::PingRequest{"host1", 1000});
    EXPECT_EQ(std::get<control::ErrorReply>(reply).kind, control::ErrorKind::Timeout);
    EXPECT_LE(world_.now() - asked, milliseconds(1001));
}

TEST_F(NodeTest, ReloadAddsAndRemovesPeersAndLeavesTheOthersAlone) {
    const auto hosts = add_mesh(3);
    config::Config& config = world_.config_of(0);
    const auto all = config.peer;
    config.peer = {all[0]};
    start_all(hosts);
    world_.run_for(seconds(1));
    EXPECT_TRUE(world_.connected(0, 1));
    EXPECT_FALSE(world_.connected(0, 2));
    const std::string session = peer_of(0, 1).session_id;

    config.peer = all;
    EXPECT_EQ(world_.reload(0).applied, std::vector<std::string>{"peer"});
    EXPECT_TRUE(wait_connected(hosts, seconds(2)));
    EXPECT_EQ(peer_of(0, 1).session_id, session);

    config.peer = {all[0]};
    world_.reload(0);
    EXPECT_TRUE(world_.run_until([&] { return !world_.connected(2, 0); }, seconds(1)));
    EXPECT_EQ(peer_of(0, 1).session_id, session);
    EXPECT_EQ(peer_of(0, 2).node_id, "");
}

TEST_F(NodeTest, ReloadTellsPeersOfANewSubnet) {
    const auto hosts = add_mesh(2);
    world_.config_of(1).peer[0].subnets = {*net::parse_prefix("10.5.0.0/16")};
    start_all(hosts);
    ASSERT_TRUE(wait_connected(hosts));
    world_.run_for(seconds(1));
    world_.config_of(0).network.advertise_subnets = {*net::parse_prefix("10.5.7.0/24")};
    world_.reload(0);
    world_.run_for(milliseconds(100));
    const auto subnets = peer_of(1, 0).subnets;
    EXPECT_EQ(subnets, std::vector<std::string>{"10.5.7.0/24"});
}

TEST_F(NodeTest, APeerThatReloadsWithoutPauseIsToldToStop) {
    const auto hosts = add_mesh(2);
    start_all(hosts);
    ASSERT_TRUE(wait_connected(hosts));
    world_.run_for(seconds(1));
    for (std::uint32_t i = 0; i < 20; ++i) {
        world_.config_of(0).network.advertise_subnets = {
            net::Prefix(net::IpAddress::v4(0x0a050000 + (i << 8)), 24)};
        world_.reload(0);
    }
    world_.run_for(milliseconds(100));
    EXPECT_EQ(world_.counter(1, "protocol_violations"), 1U);
    EXPECT_TRUE(wait_connected(hosts, seconds(3)));
}

}  // namespace
}  // namespace qe::node
