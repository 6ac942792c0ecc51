// SPDX-License-Identifier: Apache-2.0
//
// What nodes say about the paths of their sessions, in the in-memory World.
#include "node/path_reports.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "support/packets.h"
#include "support/world.h"

namespace qe::node {
namespace {

using base::milliseconds;
using base::seconds;
using testing::InFlight;
using testing::World;

net::IpAddress ip(std::string_view text) { return *net::parse_ip_address(text); }

class PathReports : public ::testing::Test {
  protected:
    /// Two hosts with two interfaces each: 10.0.1.x on eth0, 10.0.2.x on eth1. Host 0 dials.
    void add_hosts(bool multipath) {
        for (const char* last : {"1", "2"}) {
            const World::HostId host = world_.add_host(
                std::string("host") + last,
                {ip(std::string("10.0.1.") + last), ip(std::string("10.0.2.") + last)});
            world_.set_an_interface_each(host);
            world_.config_of(host).multipath.enabled = multipath;
        }
        world_.config_of(0).peer = {world_.peer_entry(1)};
        world_.config_of(0).peer[0].endpoints.resize(1);  // the others are told
        world_.config_of(1).peer = {world_.peer_entry(0, false)};
    }

    bool start(std::size_t paths) {
        world_.start(0);
        world_.start(1);
        return world_.run_until(
            [&] { return active_paths(0) == paths && active_paths(1) == paths; }, seconds(10));
    }

    control::MultipathReply ask(World::HostId host) {
        return std::get<control::MultipathReply>(world_.ask(host, control::MultipathRequest{}));
    }

    control::ExplainReply explained(World::HostId host, const std::string& peer) {
        return std::get<control::ExplainReply>(world_.ask(host, control::ExplainRequest{peer}));
    }

    std::size_t active_paths(World::HostId host) {
        const auto peers = ask(host).peers;
        return peers.empty() ? 0
                             : static_cast<std::size_t>(std::ranges::count(
                                   peers[0].paths, "active", &control::SessionPathReply::state));
    }

    control::PeerPathsReply only_peer(World::HostId host) {
        const auto peers = ask(host).peers;
        EXPECT_EQ(peers.size(), 1U);
        return peers.empty() ? control::PeerPathsReply{} : peers[0];
    }

    void send_packets(int count) {
        for (int i = 0; i < count; ++i) {
            world_.send_ip(
                0, testing::make_udp_packet({world_.overlay_address(0, net::Family::V4),
                                             world_.overlay_address(1, net::Family::V4), 1000}));
            world_.run_for(milliseconds(1));
        }
    }

    /// Nothing gets to or from 10.0.2.x any more.
    void cut_second_path() {
        world_.set_filter([](const InFlight& datagram) {
            return !net::Prefix(ip("10.0.2.0"), 24).contains(datagram.to.ip);
        });
    }

    World world_;
};

TEST_F(PathReports, ASessionWithoutMultipathHasOneActivePath) {
    add_hosts(false);
    ASSERT_TRUE(start(1));
    send_packets(5);
    const control::MultipathReply reply = ask(0);
    EXPECT_FALSE(reply.enabled);
    EXPECT_TRUE(reply.uplinks.empty());
    ASSERT_EQ(reply.peers.size(), 1U);
    const control::PeerPathsReply& peer = reply.peers[0];
    EXPECT_EQ(peer.node_id, world_.id_of(1).to_string());
    EXPECT_EQ(peer.decision, "one path");
    EXPECT_EQ(peer.scheduler, "");
    ASSERT_EQ(peer.paths.size(), 1U);
    const control::SessionPathReply& path = peer.paths[0];
    EXPECT_EQ(path.interface, "eth0");
    EXPECT_EQ(path.local, "10.0.1.1:9000");
    EXPECT_EQ(path.remote, "10.0.1.2:9000");
    EXPECT_EQ(path.state, "active");
    EXPECT_TRUE(path.control && path.used);
    EXPECT_EQ(path.reason, "");
    ASSERT_TRUE(path.rtt_ms && path.min_rtt_ms);
    EXPECT_GE(*path.rtt_ms, 10);
    EXPECT_GT(path.bytes_sent, 5'000U);
    EXPECT_GT(path.bytes_received, 0U);
    ASSERT_TRUE(path.last_used_ms);
    EXPECT_LT(*path.last_used_ms, 100U);
    EXPECT_EQ(peer.order, control::OrderReply{});
    EXPECT_EQ(peer.repair, control::RepairReply{});
}

TEST_F(PathReports, TwoUplinksOfEachEndMakeTwoPathsThatAreUsed) {
    add_hosts(true);
    world_.config_of(0).multipath.weights = {{"eth1", 2.5}};
    ASSERT_TRUE(start(2));
    const control::MultipathReply reply = ask(0);
    EXPECT_TRUE(reply.enabled);
    EXPECT_EQ(reply.mode, "aggregate");
    EXPECT_EQ(reply.scheduler, "adaptive");
    ASSERT_EQ(reply.uplinks.size(), 2U);
    EXPECT_EQ(reply.uplinks[1].interface, "eth1");
    EXPECT_EQ(reply.uplinks[1].addresses, std::vector<std::string>{"10.0.2.1"});
    EXPECT_EQ(reply.uplinks[1].state, "up");
    EXPECT_EQ(reply.uplinks[1].weight, 2.5);
    const control::PeerPathsReply peer = only_peer(0);
    EXPECT_EQ(peer.scheduler, "adaptive");
    EXPECT_EQ(peer.decision, "stripes over 2 paths");
    ASSERT_EQ(peer.paths.size(), 2U);
    EXPECT_NE(peer.paths[0].interface, peer.paths[1].interface);
    EXPECT_NE(peer.paths[0].peer_uplink, peer.paths[1].peer_uplink);
    EXPECT_NE(peer.paths[0].control, peer.paths[1].control);
    EXPECT_TRUE(peer.paths[0].used && peer.paths[1].used);
}

TEST_F(PathReports, PathsOfVeryDifferentDelayAreGroups) {
    add_hosts(true);
    world_.set_detour(net::Prefix(ip("10.0.2.0"), 24), milliseconds(200));
    ASSERT_TRUE(start(2));
    send_packets(300);
    const control::PeerPathsReply peer = only_peer(0);
    EXPECT_EQ(peer.decision, "stripes over 2 paths in 2 groups");
    EXPECT_NE(peer.paths[0].group, peer.paths[1].group);
}

TEST_F(PathReports, InFailoverTheSecondPathIsInReserve) {
    add_hosts(true);
    for (const World::HostId host : {0U, 1U}) {
        world_.config_of(host).multipath.mode = "failover";
        world_.config_of(host).multipath.interfaces = {"eth0", "eth*", "usb0"};
    }
    ASSERT_TRUE(start(2));
    const control::MultipathReply reply = ask(0);
    ASSERT_EQ(reply.uplinks.size(), 3U);
    EXPECT_EQ(reply.uplinks[0].reserve, 0U);
    EXPECT_EQ(reply.uplinks[1].reserve, 1U);
    EXPECT_EQ(reply.uplinks[2].interface, "usb0");
    EXPECT_EQ(reply.uplinks[2].state, "down");
    ASSERT_EQ(reply.peers.size(), 1U);
    EXPECT_EQ(reply.peers[0].decision, "one path");
    for (const control::SessionPathReply& path : reply.peers[0].paths) {
        EXPECT_EQ(path.used, path.interface == "eth0");
        EXPECT_EQ(path.reason, path.used ? "" : "it is in reserve behind eth0");
    }
}

TEST_F(PathReports, AMeteredUplinkIsInReserveInAnyMode) {
    add_hosts(true);
    world_.config_of(1).multipath.metered = {"*1"};
    ASSERT_TRUE(start(2));
    for (const World::HostId host : {0U, 1U}) {
        for (const control::SessionPathReply& path : only_peer(host).paths) {
            EXPECT_EQ(path.used, path.interface == "eth0");
        }
    }
    EXPECT_GT(ask(1).uplinks[1].reserve, 0U);
    EXPECT_EQ(ask(0).uplinks[1].reserve, 0U);
    const auto reserve = only_peer(0).paths[1];
    EXPECT_EQ(reserve.reason, "it is in reserve behind eth0, as the peer wants it");
}

TEST_F(PathReports, AHostWithoutMultipathAcceptsPathsUnlessToldNotTo) {
    add_hosts(true);
    world_.config_of(1).multipath.enabled = false;
    ASSERT_TRUE(start(2));
    EXPECT_EQ(only_peer(1).decision, "stripes over 2 paths");
    world_.config_of(1).multipath.accept = false;
    world_.crash(1);
    world_.start(1);
    ASSERT_TRUE(world_.run_until([&] { return active_paths(1) == 1; }, seconds(10)));
    const std::uint64_t established = world_.counter(1, "links_established");
    world_.run_for(seconds(30));
    EXPECT_EQ(only_peer(0).paths.size(), 1U);
    EXPECT_EQ(only_peer(1).paths.size(), 1U);
    EXPECT_LE(world_.counter(1, "links_established"), established + 1) << "it is dialled for more";
}

TEST_F(PathReports, APathThatFailsSaysWhyAndIsNotUsed) {
    add_hosts(true);
    world_.config_of(0).multipath.scheduler = "round_robin";
    ASSERT_TRUE(start(2));
    cut_second_path();
    send_packets(500);
    const control::PeerPathsReply peer = only_peer(0);
    const auto failed =
        std::ranges::find(peer.paths, "eth1", &control::SessionPathReply::interface);
    ASSERT_NE(failed, peer.paths.end());
    EXPECT_EQ(failed->state, "failed");
    EXPECT_EQ(failed->cause, "no acknowledgement for long");
    EXPECT_FALSE(failed->used);
    EXPECT_EQ(failed->reason, "it has failed: no acknowledgement for long");
    EXPECT_EQ(peer.decision, "one path");
    EXPECT_GT(peer.repair.repaired + peer.repair.abandoned, 0U);
}

TEST_F(PathReports, APathToAnUplinkThatThePeerLosesFailsWithoutTraffic) {
    add_hosts(true);
    ASSERT_TRUE(start(2));
    world_.set_addresses(1, {ip("10.0.1.2")});
    world_.run_for(milliseconds(100));
    const auto paths = only_peer(0).paths;
    const auto failed = std::ranges::find(paths, "eth1", &control::SessionPathReply::interface);
    ASSERT_NE(failed, paths.end());
    EXPECT_EQ(failed->state, "failed");
    EXPECT_EQ(failed->cause, "an interface at one of its ends is down");
    EXPECT_EQ(only_peer(0).decision, "one path");
    world_.set_addresses(1, {ip("10.0.1.2"), ip("10.0.2.2")});
    EXPECT_TRUE(
        world_.run_until([&] { return active_paths(0) == 2 && active_paths(1) == 2; }, seconds(5)));
}

TEST_F(PathReports, APeerWhoseAddressesChangeAllTheTimeIsNotDialledAllTheTime) {
    add_hosts(true);
    ASSERT_TRUE(start(2));
    const std::uint64_t dials = explained(0, "host2").dials;
    constexpr int kChanges = 400;
    for (int i = 0; i < kChanges; ++i) {
        world_.set_addresses(1, i % 2 == 0 ? std::vector{ip("10.0.1.2")}
                                           : std::vector{ip("10.0.1.2"), ip("10.0.2.2")});
        world_.run_for(milliseconds(10));
    }
    EXPECT_LE(explained(0, "host2").dials, dials + kChanges / 10);
    EXPECT_TRUE(world_.connected(0, 1));
    EXPECT_TRUE(world_.run_until([&] { return active_paths(0) == 2 && active_paths(1) == 2; },
                                 seconds(20)));
}

TEST_F(PathReports, RedundantPathsCarryCopies) {
    add_hosts(true);
    world_.config_of(0).multipath.scheduler = "redundant";
    ASSERT_TRUE(start(2));
    send_packets(50);
    world_.run_for(milliseconds(20));
    EXPECT_EQ(only_peer(0).decision, "copies on 2 paths");
    EXPECT_GE(only_peer(1).order.duplicates, 50U);
    for (const control::SessionPathReply& path : only_peer(0).paths) {
        ASSERT_TRUE(path.last_used_ms);
        EXPECT_LT(*path.last_used_ms, 100U);
    }
}

TEST_F(PathReports, WhoIsNamedHasToBeConnected) {
    add_hosts(true);
    world_.start(0);
    const auto asked = [this](const std::string& name) {
        return world_.ask(0, control::MultipathRequest{name});
    };
    EXPECT_TRUE(ask(0).peers.empty());
    EXPECT_EQ(std::get<control::ErrorReply>(asked("nobody")).kind, control::ErrorKind::UnknownPeer);
    EXPECT_EQ(std::get<control::ErrorReply>(asked("host2")).kind, control::ErrorKind::NotConnected);
    world_.start(1);
    ASSERT_TRUE(world_.run_until([&] { return world_.connected(0, 1); }, seconds(10)));
    EXPECT_EQ(std::get<control::MultipathReply>(asked("host2")).peers.size(), 1U);
}

TEST_F(PathReports, AnExplanationHasWhatIsMissing) {
    add_hosts(true);
    cut_second_path();
    ASSERT_TRUE(start(1));
    world_.run_for(seconds(2));
    const control::ExplainReply dialler = explained(0, "host2");
    EXPECT_EQ(dialler.state, "connected");
    EXPECT_EQ(dialler.wanted, "it is configured");
    EXPECT_TRUE(dialler.multipath && dialler.plans);
    EXPECT_GE(dialler.connected_ms.value_or(0), 2'000U);
    ASSERT_TRUE(dialler.session);
    EXPECT_EQ(dialler.session->paths.size(), 1U);
    ASSERT_EQ(dialler.missing.size(), 1U);
    EXPECT_EQ(dialler.missing[0].interface, "eth1");
    EXPECT_LE(dialler.missing[0].next_try_ms, 10'000U);
    EXPECT_FALSE(dialler.next_try_ms);
    const control::ExplainReply waiter = explained(1, "host1");
    EXPECT_FALSE(waiter.plans);
    EXPECT_TRUE(waiter.missing.empty());
}

TEST_F(PathReports, AnExplanationOfAPeerThatIsNotThereSaysWhatIsTried) {
    add_hosts(false);
    world_.start(0);
    world_.run_for(seconds(1));
    const auto reply =
        std::get<control::ExplainReply>(world_.ask(0, control::ExplainRequest{"host2"}));
    EXPECT_NE(reply.state, "connected");
    EXPECT_FALSE(reply.session);
    EXPECT_FALSE(reply.connected_ms);
    ASSERT_EQ(reply.handshakes.size(), 1U);
    EXPECT_EQ(reply.handshakes[0].remote, "10.0.1.2:9000");
    EXPECT_EQ(reply.endpoints, std::vector<std::string>{"10.0.1.2:9000"});
    EXPECT_EQ(reply.dials, 1U);
    world_.run_for(seconds(5));
    const auto later =
        std::get<control::ExplainReply>(world_.ask(0, control::ExplainRequest{"host2"}));
    EXPECT_NE(later.last_error, "");
    const control::Reply nobody = world_.ask(0, control::ExplainRequest{"nobody"});
    EXPECT_EQ(std::get<control::ErrorReply>(nobody).kind, control::ErrorKind::UnknownPeer);
}

}  // namespace
}  // namespace qe::node
