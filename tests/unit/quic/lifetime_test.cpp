// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "test_net.h"

namespace qe::quic::testing {
namespace {

EndpointOptions without_keep_alive() {
    EndpointOptions options;
    options.keep_alive = base::Duration::zero();
    return options;
}

TEST(Idle, ASilentConnectionEndsAtTheTimeout) {
    Pair pair(without_keep_alive(), without_keep_alive());
    pair.connect();
    pair.net.run_for(base::seconds(1));
    ASSERT_TRUE(
        pair.net.run_until([&] { return pair.client.last<Closed>() && pair.server.last<Closed>(); },
                           base::seconds(40)));
    EXPECT_EQ(pair.client.last<Closed>()->cause, CloseCause::IdleTimeout);
    EXPECT_EQ(pair.server.last<Closed>()->cause, CloseCause::IdleTimeout);
    EXPECT_EQ(pair.client.endpoint->connection_count(), 0U);
    EXPECT_EQ(pair.client.last<Closed>()->key, pair.server.identity.public_key());
    EXPECT_FALSE(pair.client.endpoint->info(pair.at_client)) << "the handle is stale";
    const std::uint64_t before = pair.net.packets_sent;
    pair.net.run_for(base::seconds(60));
    EXPECT_EQ(pair.net.packets_sent, before);
}

TEST(Idle, KeepAliveKeepsItAtLittleCost) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(5));
    const std::uint64_t before = pair.net.packets_sent;
    pair.net.run_for(base::seconds(60));
    EXPECT_TRUE(pair.client.all<Closed>().empty());
    EXPECT_TRUE(pair.server.all<Closed>().empty());
    EXPECT_LT(pair.net.packets_sent - before, 200U);
}

TEST(Idle, ADeadPeerIsNoticedAtTheTimeout) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    const base::Instant start = pair.net.now();
    pair.net.filter = [](WirePacket&) { return false; };
    ASSERT_TRUE(pair.net.run_until([&] { return pair.client.last<Closed>().has_value(); },
                                   base::seconds(60)));
    EXPECT_EQ(pair.client.last<Closed>()->cause, CloseCause::IdleTimeout);
    EXPECT_LT(pair.net.now() - start, base::seconds(20));
}

TEST(Probe, SendsOneAcknowledgedPacketSoon) {
    Pair pair(without_keep_alive(), without_keep_alive());
    pair.connect();
    pair.net.run_for(base::seconds(5));
    const auto before = pair.client.endpoint->info(pair.at_client);
    const base::Instant start = pair.net.now();
    pair.client.endpoint->probe(pair.net.now(), pair.at_client);
    pair.net.run_for(base::milliseconds(200));
    const auto after = pair.client.endpoint->info(pair.at_client);
    EXPECT_EQ(after->packets_sent, before->packets_sent + 1);
    EXPECT_GT(after->last_acknowledged_at, start);
    EXPECT_GT(after->last_received_at, start);
    EXPECT_TRUE(pair.server.datagrams.empty());
    pair.net.run_for(base::seconds(5));
    EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->packets_sent, after->packets_sent);
}

TEST(Probe, KeepsItsRhythmAndLeavesKeepAliveAlone) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(5));
    for (int i = 0; i < 10; ++i) {
        const std::uint64_t before = pair.client.endpoint->info(pair.at_client)->packets_sent;
        pair.client.endpoint->probe(pair.net.now(), pair.at_client);
        pair.net.run_for(base::milliseconds(100));
        EXPECT_GT(pair.client.endpoint->info(pair.at_client)->packets_sent, before);
    }
    pair.net.run_for(base::seconds(60));
    EXPECT_TRUE(pair.client.all<Closed>().empty());
}

TEST(Liveness, AcknowledgementTimeStandsStillWhenThePeerIsGone) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    pair.net.filter = [](WirePacket&) { return false; };
    const base::Instant cut = pair.net.now();
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(100)));
    pair.net.run_for(base::seconds(3));
    const auto info = pair.client.endpoint->info(pair.at_client);
    EXPECT_LE(info->last_acknowledged_at, cut + pair.net.delay);
    EXPECT_LE(info->last_received_at, cut + pair.net.delay);
    pair.net.filter = nullptr;
    pair.net.run_for(base::seconds(3));
    EXPECT_GT(pair.client.endpoint->info(pair.at_client)->last_acknowledged_at,
              cut + base::seconds(3));
}

TEST(Close, ReasonAndCodeReachTheOtherSideAndOursIsSilent) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    pair.client.events.clear();
    pair.client.endpoint->close(pair.net.now(), pair.at_client, 42, "going home");
    EXPECT_FALSE(pair.client.endpoint->info(pair.at_client));
    EXPECT_EQ(pair.client.endpoint->connection_count(), 0U);
    pair.net.run_for(base::seconds(1));
    const auto told = pair.server.last<Closed>();
    ASSERT_TRUE(told);
    EXPECT_EQ(told->cause, CloseCause::PeerClosed);
    EXPECT_EQ(told->peer_code, 42U);
    EXPECT_EQ(told->reason, "going home");
    EXPECT_EQ(told->key, pair.client.identity.public_key());
    EXPECT_TRUE(pair.client.events.empty());
    EXPECT_EQ(pair.server.endpoint->connection_count(), 0U);
}

TEST(Close, LongAndUnprintableReasonsAreTamed) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    const std::string reason = "\x1b[31m" + std::string(1000, 'x');
    pair.client.endpoint->close(pair.net.now(), pair.at_client, 1, reason);
    pair.net.run_for(base::seconds(1));
    const std::string told = pair.server.last<Closed>()->reason;
    EXPECT_EQ(told.size(), kCloseReasonBytesMax);
    EXPECT_TRUE(told.starts_with("?[31mxxx"));
}

TEST(Close, IsRepeatedWhenItWasLost) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    bool lost = false;
    pair.net.filter = [&](WirePacket& packet) {
        if (packet.flow.local == pair.client.addresses.front() && !lost) {
            lost = true;
            return false;
        }
        return true;
    };
    pair.client.endpoint->close(pair.net.now(), pair.at_client, 42, "again");
    pair.net.flush();
    ASSERT_TRUE(lost);
    ASSERT_TRUE(pair.server.send(pair.at_server, make_bytes(10)));
    pair.net.run_for(base::seconds(1));
    ASSERT_TRUE(pair.server.last<Closed>());
    EXPECT_EQ(pair.server.last<Closed>()->reason, "again");
    EXPECT_EQ(pair.client.counters().stateless_resets_sent, 0U);
}

TEST(Close, IsRepeatedEverMoreRarelyAndNotForEver) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    std::uint64_t answers = 0;
    pair.net.filter = [&](WirePacket& packet) {
        const bool answer = packet.flow.local == pair.client.addresses.front();
        answers += answer ? 1U : 0U;
        return !answer;
    };
    // 400 packets arrive at the closed connection.
    std::vector<std::byte> buffer(2048);
    std::vector<base::Bytes> packets;
    for (int i = 0; i < 400; ++i) {
        static_cast<void>(pair.server.send(pair.at_server, make_bytes(20)));
        pair.net.run_for(base::milliseconds(1));
    }
    pair.client.endpoint->close(pair.net.now(), pair.at_client, 42, "again");
    answers = 0;
    for (int i = 0; i < 400; ++i) {
        static_cast<void>(pair.server.send(pair.at_server, make_bytes(1000)));
        pair.net.run_for(base::microseconds(100));
    }
    EXPECT_GE(answers, 2U);
    EXPECT_LE(answers, 12U);
}

TEST(Close, BeforeTheHandshakeIsOverWorksOnBothEnds) {
    for (int steps = 0; steps < 6; ++steps) {
        Pair pair;
        const ConnectionHandle handle = pair.dial();
        for (int i = 0; i < steps; ++i) {
            pair.net.step();
        }
        pair.client.endpoint->close(pair.net.now(), handle, 3, "changed my mind");
        pair.net.run_for(base::seconds(30));
        EXPECT_EQ(pair.client.endpoint->connection_count(), 0U);
        EXPECT_EQ(pair.server.endpoint->connection_count(), 0U) << steps;
    }
}

TEST(Close, BeforeThePollForgetsTheNewsOfTheConnection) {
    Pair pair;
    pair.connect();
    pair.client.fetch_events = false;
    pair.net.run_for(base::seconds(1));
    const auto stream = pair.server.endpoint->open_stream(pair.at_server);
    ASSERT_TRUE(pair.server.endpoint->write_stream(pair.at_server, *stream, make_bytes(100)));
    pair.net.run_for(base::seconds(1));
    pair.client.endpoint->close(pair.net.now(), pair.at_client, 0, "");
    EXPECT_FALSE(pair.client.endpoint->poll_event());
}

TEST(Close, NewsThatCameBeforeTheEndAreStillDelivered) {
    Pair pair;
    pair.connect();
    pair.client.fetch_events = false;
    pair.net.run_for(base::seconds(1));
    const auto stream = pair.server.endpoint->open_stream(pair.at_server);
    ASSERT_TRUE(pair.server.endpoint->write_stream(pair.at_server, *stream, make_bytes(100)));
    pair.net.run_for(base::seconds(1));
    pair.server.endpoint->close(pair.net.now(), pair.at_server, 0, "bye");
    pair.net.run_for(base::seconds(1));
    pair.client.fetch_events = true;
    pair.net.flush();
    EXPECT_EQ(pair.client.stream_bytes(pair.at_client, *stream), make_bytes(100));
    EXPECT_TRUE(std::holds_alternative<Closed>(pair.client.events.back()));
}

TEST(Close, StaleHandlesAreHarmless) {
    Pair pair;
    pair.connect();
    pair.client.endpoint->close(pair.net.now(), pair.at_client, 0, "");
    Endpoint& endpoint = *pair.client.endpoint;
    endpoint.close(pair.net.now(), pair.at_client, 0, "");
    endpoint.probe(pair.net.now(), pair.at_client);
    endpoint.reset_stream(pair.at_client, 0, 0);
    EXPECT_FALSE(endpoint.update_keys(pair.net.now(), pair.at_client));
    EXPECT_FALSE(endpoint.migrate(pair.net.now(), pair.at_client, address("10.0.0.7:1"), false));
    EXPECT_FALSE(endpoint.write_stream(pair.at_client, 0, {}));
    pair.net.run_for(base::seconds(5));
}

TEST(KeyUpdate, HappensOnRequestAndDataGoesOn) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    for (int i = 1; i <= 3; ++i) {
        ASSERT_TRUE(pair.client.endpoint->update_keys(pair.net.now(), pair.at_client));
        ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(100)));
        ASSERT_TRUE(pair.server.send(pair.at_server, make_bytes(100)));
        pair.net.run_for(base::seconds(2));
        ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(100)));
        pair.net.run_for(base::seconds(2));
        EXPECT_EQ(pair.server.datagrams.size(), 2U * static_cast<unsigned>(i));
        EXPECT_EQ(pair.client.counters().key_updates, static_cast<unsigned>(i));
        EXPECT_EQ(pair.server.counters().key_updates, static_cast<unsigned>(i));
    }
}

TEST(KeyUpdate, IsRefusedWhenTooEarly) {
    Pair pair;
    const ConnectionHandle handle = pair.dial();
    EXPECT_FALSE(pair.client.endpoint->update_keys(pair.net.now(), handle));
    pair.connect();
    pair.net.run_for(base::seconds(1));
    ASSERT_TRUE(pair.client.endpoint->update_keys(pair.net.now(), pair.at_client));
    const auto again = pair.client.endpoint->update_keys(pair.net.now(), pair.at_client);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, base::ErrorCode::kQuicFailure);
}

TEST(Clock, AStepBackwardsIsHarmless) {
    Pair pair;
    pair.connect();
    std::vector<std::byte> buffer(65536);
    const base::Instant past = base::Instant::from_nanoseconds(1);
    pair.client.endpoint->handle_timeout(past);
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(100)));
    while (pair.client.endpoint->poll_transmit(past, buffer)) {
    }
    pair.client.endpoint->probe(past, pair.at_client);
    pair.client.endpoint->close(past, pair.at_client, 0, "");
}

}  // namespace
}  // namespace qe::quic::testing
