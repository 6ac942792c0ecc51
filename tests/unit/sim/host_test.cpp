// SPDX-License-Identifier: Apache-2.0
#include "sim/host.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "icmp_message.h"
#include "quicether/net/checksum.h"
#include "quicether/net/packet.h"
#include "small_world.h"
#include "support/packets.h"

namespace qe::sim {
namespace {

using test::ConnectedPair;
using test::host_in;
using test::ip;
using test::link_of;
using test::SmallWorld;

constexpr FlowKey kUdpFlow{net::kProtocolUdp, 2222};

/// Keeps what happens at one host.
struct Recorder : Observer {
    explicit Recorder(HostId its_host) : host(its_host) {}
    void on_tun_read(HostId h, base::ByteView packet) override { keep(h, packet, read); }
    void on_tun_written(HostId h, base::ByteView packet) override { keep(h, packet, written); }
    void on_host(HostId h, HostChange change) override {
        if (h == host) {
            changes.push_back(change);
        }
    }
    void on_log(HostId h, base::LogLevel, std::string_view message) override {
        if (h == host) {
            log += std::string(message) + "\n";
        }
    }
    void keep(HostId h, base::ByteView packet, std::vector<base::Bytes>& into) const {
        if (h == host) {
            into.emplace_back(packet.begin(), packet.end());
        }
    }

    HostId host;
    std::vector<base::Bytes> read;
    std::vector<base::Bytes> written;
    std::vector<HostChange> changes;
    std::string log;
};

class HostTest : public ConnectedPair {
  protected:
    void SetUp() override {
        ConnectedPair::SetUp();
        world.add_observer(at_alice);
        world.add_observer(at_bob);
    }
    [[nodiscard]] net::IpAddress overlay(HostId host, net::Family family = net::Family::V4) {
        return world.host(host).overlay_address(family).value();
    }
    [[nodiscard]] base::Bytes udp(std::size_t size = 200) {
        return qe::testing::make_udp_packet({overlay(alice), overlay(bob), size});
    }
    [[nodiscard]] std::string session_of_alice() {
        const auto reply =
            std::get<control::PeersReply>(world.host(alice).ask(control::PeersRequest{}));
        return reply.peers.at(0).session_id;
    }
    void expect_ping_answered(net::Family family) {
        int answers = 0;
        const std::uint8_t protocol = family == net::Family::V4 ? 1 : 58;
        world.host(alice).listen({protocol, test::kIdentifier},
                                 [&answers](base::ByteView) { ++answers; });
        base::Bytes request = test::echo_request(overlay(alice, family), overlay(bob, family));
        world.host(alice).send_ip(request);
        world.run_for(base::seconds(1));
        EXPECT_EQ(answers, 1);
    }

    Recorder at_alice{alice};
    Recorder at_bob{bob};
};

TEST_F(HostTest, AnswersPings) {
    expect_ping_answered(net::Family::V4);
    expect_ping_answered(net::Family::V6);
}

TEST_F(HostTest, HandsPacketsToWhoListens) {
    std::vector<base::Bytes> got;
    world.host(bob).listen(kUdpFlow,
                           [&got](base::ByteView p) { got.emplace_back(p.begin(), p.end()); });
    const base::Bytes packet = udp();
    base::Bytes given = packet;
    world.host(alice).send_ip(given);
    world.run_for(base::seconds(1));
    ASSERT_EQ(got.size(), 1U);
    EXPECT_EQ(got[0], packet);
    EXPECT_EQ(at_alice.read, got);
    EXPECT_EQ(at_bob.written, got);
}

TEST_F(HostTest, LetsAListenerAnswerAndTakeItselfOff) {
    int got = 0;
    world.host(bob).listen(kUdpFlow, [&](base::ByteView) {
        ++got;
        base::Bytes answer = qe::testing::make_udp_packet({overlay(bob), overlay(alice)});
        world.host(bob).send_ip(answer);
        world.host(bob).listen(kUdpFlow, nullptr);
    });
    for (int i = 0; i < 2; ++i) {
        base::Bytes packet = udp();
        world.host(alice).send_ip(packet);
    }
    world.run_for(base::seconds(1));
    EXPECT_EQ(got, 1);
    EXPECT_EQ(at_alice.written.size(), 1U);
}

TEST_F(HostTest, TellsOfSuperPacketsByTheirSegments) {
    base::Bytes super = udp(20 + 8 + 2500);
    net::begin_checksum(super, 20, net::kProtocolUdp);
    world.host(alice).send_ip(super, {net::Segmentation::Udp, true, 1000, 20});
    world.run_for(base::seconds(1));
    ASSERT_EQ(at_alice.read.size(), 3U);
    EXPECT_EQ(at_bob.written, at_alice.read);
}

TEST_F(HostTest, StopsWithoutAWordInACrash) {
    world.host(alice).crash();
    EXPECT_FALSE(world.host(alice).running());
    world.run_for(base::milliseconds(500));
    EXPECT_EQ(at_alice.changes, std::vector{HostChange::Crashed});
    EXPECT_TRUE(world.connected(bob, alice)) << "nobody has told Bob";
    world.host(alice).start();
    EXPECT_TRUE(world.wait_connected(alice, bob));
    EXPECT_EQ(at_alice.changes, (std::vector{HostChange::Crashed, HostChange::Started}));
}

TEST_F(HostTest, SaysGoodbyeWhenItLeaves) {
    world.host(alice).leave();
    world.run_for(base::seconds(2));
    EXPECT_EQ(at_alice.changes, std::vector{HostChange::Left});
    EXPECT_FALSE(world.connected(bob, alice));
}

TEST_F(HostTest, LosesWhatArrivesWhileItSleeps) {
    world.host(bob).suspend();
    base::Bytes packet = udp();
    world.host(alice).send_ip(packet);
    world.run_for(base::milliseconds(500));
    EXPECT_TRUE(at_bob.written.empty());
    world.run_for(std::chrono::hours(1));
    EXPECT_FALSE(world.connected(alice, bob));
    world.host(bob).resume();
    EXPECT_TRUE(world.wait_connected(alice, bob));
    EXPECT_EQ(at_bob.changes, (std::vector{HostChange::Suspended, HostChange::Resumed}));
}

TEST_F(HostTest, KeepsItsSessionWhenItMoves) {
    const std::string session = session_of_alice();
    ASSERT_TRUE(
        world.host(alice).move("eth0", "south", link_of(base::milliseconds(2))).has_value());
    EXPECT_TRUE(
        world.topology().find_network("south")->v4.contains(world.host(alice).addresses().at(0)));
    world.run_for(base::seconds(10));
    base::Bytes packet = udp();
    world.host(alice).send_ip(packet);
    world.run_for(base::seconds(1));
    EXPECT_EQ(at_bob.written.size(), 1U);
    EXPECT_EQ(session_of_alice(), session);
    EXPECT_EQ(at_alice.changes, std::vector{HostChange::Moved});
}

TEST_F(HostTest, IsWithoutANetworkAfterAMoveThatFails) {
    EXPECT_FALSE(world.host(alice).move("eth0", "nowhere", {}).has_value());
    EXPECT_TRUE(world.host(alice).addresses().empty());
    EXPECT_FALSE(world.host(alice).move("eth9", "south", {}).has_value());
    world.run_for(base::seconds(1));
    ASSERT_TRUE(world.host(alice).move("eth0", "south", {}).has_value());
    EXPECT_TRUE(world.wait_connected(alice, bob));
}

TEST_F(HostTest, IsCutOffWithoutCarrier) {
    world.host(alice).set_carrier("eth0", false);
    EXPECT_FALSE(world.host(alice).view().interfaces.at(0).up);
    world.run_for(base::seconds(120));
    EXPECT_FALSE(world.connected(bob, alice));
    world.host(alice).set_carrier("eth0", true);
    EXPECT_TRUE(world.wait_connected(alice, bob));
}

TEST_F(HostTest, AnswersQuestionsWhileItRuns) {
    EXPECT_EQ(world.host(alice).connected(), std::vector<HostId>{bob});
    EXPECT_EQ(world.host(alice).connected_count(), 1U);
    ASSERT_EQ(world.host(alice).peers().peers.size(), 1U);
    EXPECT_EQ(world.host(alice).peers().peers[0].name, "bob");
    EXPECT_EQ(world.host(alice).status().name, "alice");
    const control::Reply ping = world.host(alice).ask(control::PingRequest{"bob"});
    EXPECT_TRUE(std::holds_alternative<control::ErrorReply>(ping));
    world.host(alice).crash();
    EXPECT_TRUE(std::holds_alternative<control::ErrorReply>(
        world.host(alice).ask(control::StatusRequest{})));
    EXPECT_TRUE(world.host(alice).connected().empty());
    EXPECT_TRUE(world.host(alice).peers().peers.empty());
    EXPECT_EQ(world.host(alice).overlay_address(net::Family::V4), std::nullopt);
}

TEST_F(HostTest, TellsOfPeersAsTheyAreNow) {
    EXPECT_EQ(world.host(alice).peers().peers.at(0).state, "connected");
    world.host(alice).config().peer[0].name = "robert";
    world.host(alice).reload();  // in the same instant
    EXPECT_EQ(world.host(alice).peers().peers.at(0).name, "robert");
    const auto before = world.host(alice).peers().peers.at(0).connected_us;
    world.run_for(base::seconds(1));
    EXPECT_GT(world.host(alice).peers().peers.at(0).connected_us, before);
}

TEST_F(HostTest, FindsPeersAddressesOnItsDiskAfterACrash) {
    world.run_for(std::chrono::minutes(5));
    ASSERT_FALSE(world.host(alice).disk().files(world.now()).empty());
    world.host(alice).crash();
    world.host(alice).config().peer.at(0).endpoints.clear();
    world.host(bob).config().peer.at(0).endpoints.clear();
    world.host(bob).crash();
    world.host(alice).start();
    world.host(bob).start();
    EXPECT_TRUE(world.wait_connected(alice, bob));
}

TEST_F(HostTest, StartsFromATornFile) {
    Disk& disk = world.host(alice).disk();
    disk.set_options({.write_time = std::chrono::hours(1), .torn_on_crash = true});
    world.run_for(std::chrono::minutes(5));
    world.host(alice).crash();
    ASSERT_FALSE(disk.files(world.now()).empty());
    world.host(alice).start();
    EXPECT_TRUE(world.wait_connected(alice, bob));
}

TEST_F(HostTest, WakesOnlyForItsNode) {
    struct : Observer {
        void on_sent(HostId, const Packet&) override { ++datagrams; }
        std::uint64_t datagrams = 0;
    } at_alice_and_bob;
    world.run_for(base::seconds(60));
    world.add_observer(at_alice_and_bob);
    const std::uint64_t before = world.scheduler().events_run();
    world.run_for(base::seconds(600));
    // One event for each second of the world; and for each packet four links, the arrival and a few
    // deadlines.
    EXPECT_LT(world.scheduler().events_run() - before, 600 + 12 * at_alice_and_bob.datagrams);
    EXPECT_LT(world.scheduler().events_waiting(), 20U);
}

TEST_F(HostTest, AppliesAReload) {
    world.host(alice).config().peer.clear();
    EXPECT_FALSE(world.host(alice).reload().applied.empty());
    world.run_for(base::seconds(5));
    EXPECT_FALSE(world.connected(alice, bob));
}

TEST(Host, CutsWhatItsTunDeviceIsGivenAsSuperPackets) {
    SmallWorld world;
    const HostId alice = world.add("alice");
    HostOptions options = host_in("bob", "south");
    options.tun_offloads = {.checksum = true, .tcp = true, .udp = true};
    const HostId bob = world.add_host(options).value();
    Recorder at_alice(alice);
    Recorder at_bob(bob);
    world.add_observer(at_alice);
    world.add_observer(at_bob);
    world.know_each_other();
    world.start_all();
    ASSERT_TRUE(world.wait_connected(alice, bob));
    base::Bytes super = qe::testing::make_udp_packet(
        {world.host(alice).overlay_address(net::Family::V4).value(),
         world.host(bob).overlay_address(net::Family::V4).value(), 20 + 8 + 5000});
    net::begin_checksum(super, 20, net::kProtocolUdp);
    world.host(alice).send_ip(super, {net::Segmentation::Udp, true, 1000, 20});
    world.run_for(base::seconds(1));
    ASSERT_EQ(at_bob.written.size(), 5U);
    for (std::size_t i = 0; i < 5; ++i) {
        const base::ByteView sent(at_alice.read.at(i));
        const base::ByteView got(at_bob.written[i]);
        EXPECT_TRUE(std::ranges::equal(got.subspan(20), sent.subspan(20)));
    }
}

TEST(Host, GoesOnThroughItsOtherInterface) {
    SmallWorld world;
    HostOptions options = host_in("alice", "north");
    options.interfaces.push_back(options.interfaces[0]);
    options.interfaces[1].name = "wwan0";
    options.interfaces[1].network = "south";
    options.interfaces[1].metric = 100;
    const HostId alice = world.add_host(options).value();
    const HostId bob = world.add("bob", "south");
    world.know_each_other();
    world.start_all();
    ASSERT_TRUE(world.wait_connected(alice, bob));
    world.host(alice).set_carrier("eth0", false);
    EXPECT_TRUE(world.should_connect(alice, bob));
    world.run_for(base::seconds(10));
    Recorder at_bob(bob);
    world.add_observer(at_bob);
    base::Bytes packet =
        qe::testing::make_udp_packet({world.host(alice).overlay_address(net::Family::V4).value(),
                                      world.host(bob).overlay_address(net::Family::V4).value()});
    world.host(alice).send_ip(packet);
    world.run_for(base::seconds(1));
    EXPECT_EQ(at_bob.written.size(), 1U);
}

TEST(Host, ResolvesNames) {
    SmallWorld world;
    const HostId alice = world.add("alice");
    const HostId bob = world.add("bob", "south");
    world.know_each_other();
    world.host(alice).config().peer.at(0).endpoints = {{"bob.example", 9000}};
    world.host(bob).config().peer.at(0).endpoints.clear();
    world.start_all();
    world.run_for(base::seconds(10));
    EXPECT_FALSE(world.should_connect(alice, bob));
    EXPECT_FALSE(world.connected(alice, bob)) << "nobody knows the name yet";
    world.set_dns("bob.example", world.host(bob).addresses());
    EXPECT_TRUE(world.should_connect(alice, bob));
    EXPECT_TRUE(world.wait_connected(alice, bob, base::seconds(120)));
}

}  // namespace
}  // namespace qe::sim
