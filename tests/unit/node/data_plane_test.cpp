// SPDX-License-Identifier: Apache-2.0
//
// Packets through whole nodes: sizes, forwarding, and what is refused.
#include <algorithm>

#include <gtest/gtest.h>

#include "quicether/net/packet.h"
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

class DataPlaneTest : public ::testing::Test {
  protected:
    void SetUp() override {
        a_ = world_.add_host("alice", {ip("10.0.0.1"), ip("2001:db8::1")});
        b_ = world_.add_host("bob", {ip("10.0.0.2"), ip("2001:db8::2")});
        c_ = world_.add_host("carol", {ip("10.0.0.3"), ip("2001:db8::3")});
    }

    void start_pair() {
        world_.know_each_other({a_, b_});
        world_.start(a_);
        world_.start(b_);
        ASSERT_TRUE(world_.run_until(
            [&] { return world_.connected(a_, b_) && world_.connected(b_, a_); }, seconds(5)));
        world_.run_for(seconds(5));  // PLPMTUD settles
    }

    /// alice — bob — carol; alice and carol do not know each other and reach each other over bob.
    void start_chain(config::NodeRole middle) {
        const auto host_prefix = [&](World::HostId host) {
            // Derived addresses are known before a node runs: start one to read them.
            world_.start(host);
            const net::Prefix prefix = net::Prefix::host(world_.overlay_address(host, Family::V4));
            world_.crash(host);
            return prefix;
        };
        const net::Prefix alice = host_prefix(a_);
        const net::Prefix carol = host_prefix(c_);
        config::PeerConfig bob_for_alice = world_.peer_entry(b_);
        bob_for_alice.subnets = {carol, *net::parse_prefix("10.9.0.0/16")};
        config::PeerConfig bob_for_carol = world_.peer_entry(b_);
        bob_for_carol.subnets = {alice};
        config::PeerConfig carol_for_bob = world_.peer_entry(c_);
        carol_for_bob.subnets = {*net::parse_prefix("10.9.0.0/16")};
        world_.config_of(a_).peer = {bob_for_alice};
        world_.config_of(c_).peer = {bob_for_carol};
        world_.config_of(c_).network.advertise_subnets = {*net::parse_prefix("10.9.0.0/16")};
        world_.config_of(b_).peer = {world_.peer_entry(a_), carol_for_bob};
        world_.config_of(b_).node.role = middle;
        for (const World::HostId host : {a_, b_, c_}) {
            world_.start(host);
        }
        ASSERT_TRUE(world_.run_until(
            [&] { return world_.connected(a_, b_) && world_.connected(c_, b_); }, seconds(5)));
        world_.run_for(seconds(1));
    }

    base::Bytes send(World::HostId from, const PacketShape& shape) {
        base::Bytes packet = make_udp_packet(shape);
        world_.take_received(a_);
        world_.take_received(b_);
        world_.take_received(c_);
        world_.send_ip(from, packet);
        world_.run_for(milliseconds(200));
        return packet;
    }

    PacketShape shape(World::HostId from, World::HostId to, std::size_t size = 100,
                      Family family = Family::V4) {
        return {world_.overlay_address(from, family), world_.overlay_address(to, family), size};
    }

    World world_;
    World::HostId a_ = 0;
    World::HostId b_ = 0;
    World::HostId c_ = 0;
};

TEST_F(DataPlaneTest, EverySizeUpToTheTunMtuArrivesUnchangedOverEveryUnderlayMtu) {
    for (const std::size_t mtu : {1500U, 1400U, 1280U}) {
        world_.set_underlay_mtu(mtu);
        if (mtu == 1500) {
            start_pair();
        } else {
            world_.crash(a_);
            world_.crash(b_);
            world_.start(a_);
            world_.start(b_);
            world_.run_for(seconds(6));
        }
        for (const Family family : {Family::V4, Family::V6}) {
            for (const std::size_t size :
                 {60U, 1000U, 1166U, 1167U, 1168U, 1199U, 1280U, 1400U, 1419U, 1420U}) {
                const base::Bytes sent = send(a_, shape(a_, b_, size, family));
                const auto received = world_.take_received(b_);
                ASSERT_EQ(received.size(), 1U) << mtu << " " << size;
                EXPECT_EQ(received[0], sent);
            }
        }
    }
    EXPECT_GT(world_.counter(a_, "fragments_sent"), 0U);
}

TEST_F(DataPlaneTest, APathOf1500BytesNeedsNoFragmentsForTheTunMtu) {
    start_pair();
    send(a_, shape(a_, b_, 1420));
    EXPECT_EQ(world_.counter(a_, "fragments_sent"), 0U);
}

TEST_F(DataPlaneTest, AnswersWithPacketTooBigWhenConfigured) {
    world_.set_underlay_mtu(1280);
    world_.config_of(a_).network.oversize = config::OversizePolicy::PacketTooBig;
    start_pair();
    send(a_, shape(a_, b_, 1420));
    EXPECT_TRUE(world_.take_received(b_).empty());
    const auto answers = world_.take_received(a_);
    ASSERT_EQ(answers.size(), 1U);
    const auto facts = net::parse_packet(answers[0]);
    ASSERT_TRUE(facts.has_value());
    EXPECT_EQ(facts->protocol, 1);
    EXPECT_EQ(facts->destination, world_.overlay_address(a_, Family::V4));
    EXPECT_EQ(world_.counter(a_, "too_big_refused"), 1U);
}

TEST_F(DataPlaneTest, AGatewayAnswersWithPacketTooBigWhenConfigured) {
    world_.set_underlay_mtu(1280);
    world_.config_of(b_).network.oversize = config::OversizePolicy::PacketTooBig;
    start_chain(config::NodeRole::Gateway);
    world_.run_for(seconds(5));  // PLPMTUD settles
    send(a_, shape(a_, c_, 1420));
    EXPECT_TRUE(world_.take_received(c_).empty());
    const auto answers = world_.take_received(a_);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(net::parse_packet(answers[0])->protocol, 1);
    EXPECT_EQ(net::parse_packet(answers[0])->source, world_.overlay_address(b_, Family::V4));
    EXPECT_EQ(world_.counter(b_, "too_big_refused"), 1U);
}

TEST_F(DataPlaneTest, NeverRefusesWhatMustPass) {
    world_.set_underlay_mtu(1280);
    world_.config_of(a_).network.oversize = config::OversizePolicy::PacketTooBig;
    start_pair();
    PacketShape without_df = shape(a_, b_, 1420);
    without_df.dont_fragment = false;
    send(a_, without_df);
    EXPECT_EQ(world_.take_received(b_).size(), 1U);
    send(a_, shape(a_, b_, 1280, Family::V6));
    EXPECT_EQ(world_.take_received(b_).size(), 1U);
}

TEST_F(DataPlaneTest, TellsTheHostWhatCannotBeReached) {
    start_pair();
    PacketShape nowhere = shape(a_, b_);
    nowhere.destination = ip("100.64.250.250");
    send(a_, nowhere);
    EXPECT_EQ(world_.take_received(a_).size(), 1U);
    EXPECT_EQ(world_.counter(a_, "no_route"), 1U);
    world_.crash(b_);
    const PacketShape dead = {world_.overlay_address(a_, Family::V4), nowhere.destination};
    world_.run_for(seconds(20));
    send(a_, dead);
    EXPECT_EQ(world_.take_received(a_).size(), 1U);
}

TEST_F(DataPlaneTest, RefusesAForgedSource) {
    start_pair();
    PacketShape forged = shape(a_, b_);
    forged.source = ip("100.64.66.66");
    send(a_, forged);
    EXPECT_TRUE(world_.take_received(b_).empty());
    EXPECT_EQ(world_.counter(b_, "source_refused"), 1U);
}

TEST_F(DataPlaneTest, AGatewayForwardsBetweenItsPeersAndCountsTheHop) {
    start_chain(config::NodeRole::Gateway);
    const base::Bytes sent = send(a_, shape(a_, c_));
    const auto received = world_.take_received(c_);
    ASSERT_EQ(received.size(), 1U);
    EXPECT_EQ(net::parse_packet(received[0])->hop_limit, net::parse_packet(sent)->hop_limit - 1);
    EXPECT_EQ(world_.counter(b_, "forwarded"), 1U);
    send(c_, shape(c_, a_));
    EXPECT_EQ(world_.take_received(a_).size(), 1U);
}

TEST_F(DataPlaneTest, AGatewayReachesTheSubnetBehindAPeer) {
    start_chain(config::NodeRole::Gateway);
    PacketShape to_subnet = shape(a_, c_);
    to_subnet.destination = ip("10.9.1.2");
    send(a_, to_subnet);
    EXPECT_EQ(world_.take_received(c_).size(), 1U);
}

TEST_F(DataPlaneTest, AnExpiredHopLimitIsAnsweredByTheGateway) {
    start_chain(config::NodeRole::Gateway);
    PacketShape last_hop = shape(a_, c_);
    last_hop.hop_limit = 1;
    send(a_, last_hop);
    EXPECT_TRUE(world_.take_received(c_).empty());
    const auto answers = world_.take_received(a_);
    ASSERT_EQ(answers.size(), 1U);
    EXPECT_EQ(net::parse_packet(answers[0])->source, world_.overlay_address(b_, Family::V4));
}

TEST_F(DataPlaneTest, ANodeThatIsNoGatewayForwardsNothing) {
    start_chain(config::NodeRole::Full);
    send(a_, shape(a_, c_));
    EXPECT_TRUE(world_.take_received(c_).empty());
    EXPECT_EQ(world_.counter(b_, "forward_refused"), 1U);
}

TEST_F(DataPlaneTest, AClaimWithoutEntitlementIsRefusedAndReported) {
    world_.config_of(b_).network.advertise_subnets = {*net::parse_prefix("172.16.0.0/12")};
    start_pair();
    EXPECT_GE(world_.counter(a_, "claims_refused"), 1U);
    EXPECT_EQ(world_.log(a_).count("172.16.0.0/12: refused"), 1U);
    PacketShape shape_out = shape(a_, b_);
    shape_out.destination = ip("172.16.1.1");
    send(a_, shape_out);
    EXPECT_TRUE(world_.take_received(b_).empty());
}

TEST_F(DataPlaneTest, AnEntitledSubnetBecomesARouteOfTheHost) {
    world_.know_each_other({a_, b_});
    world_.config_of(a_).peer[0].subnets = {*net::parse_prefix("172.16.0.0/12")};
    world_.config_of(b_).network.advertise_subnets = {*net::parse_prefix("172.16.5.0/24")};
    world_.start(a_);
    world_.start(b_);
    world_.run_for(seconds(2));
    const auto& routes = world_.node(a_).host_plan().routes;
    EXPECT_NE(std::find(routes.begin(), routes.end(), *net::parse_prefix("172.16.0.0/12")),
              routes.end());
    EXPECT_NE(std::find(routes.begin(), routes.end(), *net::parse_prefix("172.16.5.0/24")),
              routes.end());
}

TEST_F(DataPlaneTest, AStrangerGetsNoSession) {
    world_.config_of(a_).peer = {world_.peer_entry(b_)};
    world_.config_of(c_).peer = {world_.peer_entry(a_)};  // alice does not list carol
    world_.start(a_);
    world_.start(c_);
    world_.run_for(seconds(30));
    EXPECT_FALSE(world_.connected(c_, a_));
    EXPECT_GE(world_.counter(a_, "strangers_refused"), 2U);
    const std::size_t lines = world_.log(a_).count("refused " + world_.id_of(c_).to_string());
    EXPECT_GE(lines, 1U);
    EXPECT_LE(lines, 4U);  // once an interval of ten seconds
    EXPECT_NE(world_.peers(c_)[0].last_error.find("not on its list"), std::string::npos);
}

TEST_F(DataPlaneTest, AWrongIdentityAtAKnownAddressIsRefused) {
    config::PeerConfig bob_at_carols = world_.peer_entry(b_);
    bob_at_carols.endpoints = world_.peer_entry(c_).endpoints;
    world_.config_of(a_).peer = {bob_at_carols};
    world_.config_of(c_).peer = {world_.peer_entry(a_, false)};
    world_.start(a_);
    world_.start(c_);
    world_.run_for(seconds(5));
    EXPECT_FALSE(world_.connected(a_, b_));
    EXPECT_FALSE(world_.connected(c_, a_));
    EXPECT_NE(world_.peers(a_)[0].last_error.find("another identity"), std::string::npos);
}

TEST_F(DataPlaneTest, GarbageAndReplayDoNotDisturbASession) {
    world_.capture(true);
    start_pair();
    send(a_, shape(a_, b_));
    EXPECT_EQ(world_.take_received(b_).size(), 1U);
    world_.capture(false);
    const auto captured = world_.captured();
    base::Rng rng(base::Rng::Seed{});
    for (int round = 0; round < 2000; ++round) {
        base::Bytes noise(rng.below(1400) + 1);
        rng.fill(noise);
        world_.inject({ip("10.0.0.66"), 9000, 0}, {ip("10.0.0.2"), 9000, 0}, noise);
    }
    for (const InFlight& datagram : captured) {
        world_.inject(datagram.from, datagram.to, datagram.bytes);
        world_.inject({ip("10.0.0.66"), 9000, 0}, datagram.to, datagram.bytes);
    }
    world_.run_for(seconds(1));
    EXPECT_TRUE(world_.take_received(b_).empty());  // nothing replayed reaches the host
    const base::Bytes sent = send(a_, shape(a_, b_));
    EXPECT_EQ(world_.take_received(b_), std::vector<base::Bytes>{sent});
    EXPECT_EQ(world_.counter(b_, "links_lost"), 0U);
    world_.run_for(seconds(30));
    EXPECT_EQ(world_.log(b_).count("datagrams at the UDP port were of no use"), 1U);
}

}  // namespace
}  // namespace qe::node
