// SPDX-License-Identifier: Apache-2.0
//
// Members of a network that connect on demand, as whole nodes in the in-memory World.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "support/packets.h"
#include "support/world.h"

namespace qe::node {
namespace {

using base::seconds;
using net::Family;
using testing::World;
using HostId = World::HostId;

constexpr std::size_t kHosts = 14;

class LazyConnections : public ::testing::Test {
  protected:
    /// A network of kHosts members, a while after the last has joined.
    void make_network(base::seconds idle_timeout) {
        for (std::size_t i = 0; i < kHosts; ++i) {
            const HostId host =
                world_.add_host("n" + std::to_string(i),
                                {net::IpAddress::v4(0x0a000001 + static_cast<std::uint32_t>(i))});
            world_.config_of(host).peers.connect = config::ConnectPolicy::OnDemand;
            world_.config_of(host).peers.idle_timeout = idle_timeout;
            world_.start(host);
            hosts_.push_back(host);
        }
        world_.set_restores(true);
        world_.ask(hosts_[0], control::NetworkCreateRequest{"crowd", ""});
        control::InviteRequest wanted;
        wanted.uses = kHosts;
        const control::Reply invite = world_.ask(hosts_[0], wanted);
        for (std::size_t i = 1; i < kHosts; ++i) {
            const control::Reply joined = world_.ask(
                hosts_[i], control::JoinRequest{std::get<control::InviteReply>(invite).token, ""},
                seconds(40));
            ASSERT_TRUE(std::holds_alternative<control::NetworkReply>(joined));
        }
        world_.run_for(seconds(10));
    }

    [[nodiscard]] std::size_t sessions() {
        std::size_t sum = 0;
        for (const HostId a : hosts_) {
            for (const HostId b : hosts_) {
                sum += a != b && world_.connected(a, b) ? 1U : 0U;
            }
        }
        return sum;
    }
    /// Two without a session.
    [[nodiscard]] std::pair<HostId, HostId> strangers() {
        for (const HostId a : hosts_) {
            for (const HostId b : hosts_) {
                if (a < b && !world_.connected(a, b) && !world_.connected(b, a)) {
                    return {a, b};
                }
            }
        }
        ADD_FAILURE() << "all are connected";
        return {};
    }
    void send(HostId from, HostId to, Family family = Family::V4) {
        send_to(from, world_.overlay_address(to, family));
    }
    void send_to(HostId from, const net::IpAddress& to) {
        testing::PacketShape shape;
        shape.source = world_.overlay_address(from, to.family());
        shape.destination = to;
        world_.send_ip(from, testing::make_udp_packet(shape));
    }
    [[nodiscard]] std::size_t members_at(HostId host) {
        const control::Reply reply = world_.ask(host, control::MembersRequest{});
        const auto* const members = std::get_if<control::MembersReply>(&reply);
        return members == nullptr ? 0 : members->members.size();
    }

    World world_;
    std::vector<HostId> hosts_;
};

TEST_F(LazyConnections, AreKeptWithFewButAllKnowAll) {
    make_network(seconds(10));
    world_.run_for(seconds(60));
    EXPECT_LT(sessions(), kHosts * (kHosts - 1) / 2);
    for (const HostId host : hosts_) {
        EXPECT_EQ(members_at(host), kHosts);
    }
}

TEST_F(LazyConnections, ComeUpForAPacketWhichArrives) {
    make_network(seconds(10));
    world_.run_for(seconds(60));
    for (const Family family : {Family::V4, Family::V6}) {
        const auto [a, b] = strangers();
        world_.take_received(b);
        send(a, b, family);
        world_.run_for(seconds(1));
        EXPECT_TRUE(world_.connected(a, b));
        EXPECT_EQ(world_.received_count(b), 1U);
        EXPECT_EQ(world_.counter(a, "peer_not_connected"), 0U);
    }
}

TEST_F(LazyConnections, EndWhenIdleAndAreNotDialledAgain) {
    make_network(seconds(10));
    world_.run_for(seconds(60));
    const std::size_t kept = sessions();
    const auto [a, b] = strangers();
    const std::size_t idle_before = world_.log(b).count("closed by the peer: idle") +
                                    world_.log(a).count("closed by the peer: idle");
    send(a, b);
    world_.run_for(seconds(5));
    EXPECT_TRUE(world_.connected(a, b));
    EXPECT_TRUE(world_.connected(b, a));
    world_.run_for(seconds(60));
    EXPECT_FALSE(world_.connected(a, b));
    EXPECT_FALSE(world_.connected(b, a));
    EXPECT_EQ(sessions(), kept);
    EXPECT_EQ(world_.log(b).count("closed by the peer: idle") +
                  world_.log(a).count("closed by the peer: idle"),
              1U + idle_before);
}

TEST_F(LazyConnections, LastWhileThereArePackets) {
    make_network(seconds(10));
    world_.run_for(seconds(60));
    const auto [a, b] = strangers();
    for (int i = 0; i < 20; ++i) {
        send(a, b);
        world_.run_for(seconds(5));
    }
    EXPECT_EQ(world_.received_count(b), 20U);
    const auto peers = world_.peers(a);
    const auto peer =
        std::ranges::find(peers, world_.id_of(b).to_string(), &control::PeerReply::node_id);
    ASSERT_NE(peer, peers.end());
    EXPECT_EQ(peer->dials, 1U);
}

TEST_F(LazyConnections, NeverEndWithoutAnIdleTimeout) {
    make_network(seconds(0));
    const auto [a, b] = strangers();
    send(a, b);
    world_.run_for(seconds(2000));
    EXPECT_TRUE(world_.connected(a, b));
}

TEST_F(LazyConnections, TellTheSenderWhoIsAway) {
    make_network(seconds(10));
    world_.run_for(seconds(60));
    const auto [a, b] = strangers();
    const net::IpAddress away = world_.overlay_address(b, Family::V4);
    world_.crash(b);
    send_to(a, away);
    world_.run_for(seconds(10));
    world_.take_received(a);
    send_to(a, away);
    world_.run_for(seconds(1));
    EXPECT_EQ(world_.counter(a, "peer_not_connected"), 1U);
    EXPECT_EQ(world_.received_count(a), 1U);  // host unreachable
    world_.start(b);
    for (int i = 0; i < 40 && !world_.connected(a, b); ++i) {
        send_to(a, away);
        world_.run_for(seconds(1));
    }
    EXPECT_TRUE(world_.connected(a, b));
}

TEST_F(LazyConnections, CarryARevocationToEverybody) {
    make_network(seconds(10));
    world_.run_for(seconds(60));
    const HostId revoked = hosts_.back();
    ASSERT_TRUE(std::holds_alternative<control::MemberChangeReply>(
        world_.ask(hosts_[0], control::RevokeRequest{world_.id_of(revoked).to_string(), false})));
    world_.run_for(seconds(2));
    for (const HostId host : hosts_) {
        EXPECT_FALSE(world_.connected(host, revoked));
        if (host != revoked) {
            EXPECT_EQ(members_at(host), kHosts - 1);
        }
    }
}

TEST_F(LazyConnections, KeepTheRestTogetherWhenNeighboursAreOff) {
    make_network(seconds(10));
    world_.run_for(seconds(60));
    for (std::size_t i = 1; i < kHosts; i += 2) {
        world_.crash(hosts_[i]);
    }
    world_.run_for(seconds(60));
    ASSERT_TRUE(std::holds_alternative<control::MemberChangeReply>(
        world_.ask(hosts_[0], control::RevokeRequest{world_.id_of(hosts_[1]).to_string(), false})));
    world_.run_for(seconds(2));
    for (std::size_t i = 0; i < kHosts; i += 2) {
        EXPECT_EQ(members_at(hosts_[i]), kHosts - 1);
    }
}

}  // namespace
}  // namespace qe::node
