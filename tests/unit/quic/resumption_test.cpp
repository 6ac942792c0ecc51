// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "test_net.h"

namespace qe::quic::testing {
namespace {

/// A first connection, closed again, and what it leaves behind.
Resumption remember(Pair& pair) {
    pair.connect();
    EXPECT_TRUE(
        pair.net.run_until([&] { return pair.client.last<ResumptionReady>().has_value(); }));
    pair.net.run_for(base::seconds(1));
    pair.client.endpoint->close(pair.net.now(), pair.at_client, 0, "");
    pair.net.run_for(base::seconds(5));
    return pair.client.last<ResumptionReady>()->resumption;
}

TEST(Resumption, ASecondConnectionResumesTheFirst) {
    Pair pair;
    const Resumption memory = remember(pair);
    EXPECT_FALSE(memory.session.empty());
    EXPECT_FALSE(memory.transport_parameters.empty());
    EXPECT_FALSE(memory.token.empty());
    pair.connect(&memory);
    const auto here = pair.client.last<Connected>();
    const auto there = pair.server.last<Connected>();
    EXPECT_TRUE(here->resumed);
    EXPECT_TRUE(there->resumed);
    EXPECT_EQ(here->key, pair.server.identity.public_key());
    EXPECT_EQ(there->key, pair.client.identity.public_key());
    EXPECT_TRUE(here->early_data_accepted);
    EXPECT_EQ(pair.client.counters().early_data_accepted, 1U);
    EXPECT_EQ(pair.server.counters().early_data_accepted, 1U);
}

TEST(Resumption, AnEarlyDatagramArrivesWithTheFirstFlight) {
    Pair pair;
    const Resumption memory = remember(pair);
    const base::Instant start = pair.net.now();
    pair.at_client = pair.dial(&memory);
    const std::size_t room = pair.client.endpoint->datagram_bytes_max(pair.at_client);
    EXPECT_GT(room, 1000U);
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(room, 7)));
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(50, 8)));
    EXPECT_FALSE(pair.client.send(pair.at_client, make_bytes(room + 1)));
    ASSERT_TRUE(pair.net.run_until([&] { return pair.server.datagrams.size() == 2; }));
    EXPECT_LT(pair.net.now() - start, 2 * pair.net.delay) << "half a round trip";
    EXPECT_TRUE(pair.server.datagrams[0].early);
    EXPECT_EQ(pair.server.datagrams[0].bytes, make_bytes(room, 7));
    EXPECT_EQ(pair.server.datagrams[1].bytes, make_bytes(50, 8));
    // Who sent it is known from the ticket, before the handshake is over.
    const auto info = pair.server.endpoint->info(pair.server.datagrams[0].connection);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->key, pair.client.identity.public_key());
    ASSERT_TRUE(pair.net.run_until([&] { return pair.both_connected(); }));
}

TEST(Resumption, TicketsSurviveARestartOfTheListener) {
    Pair pair;
    const Resumption memory = remember(pair);
    pair.server.restart(99);
    pair.at_client = pair.dial(&memory);
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(50)));
    ASSERT_TRUE(pair.net.run_until([&] { return pair.both_connected(); }));
    EXPECT_TRUE(pair.client.last<Connected>()->early_data_accepted);
    ASSERT_EQ(pair.server.datagrams.size(), 1U);
}

TEST(Resumption, TicketsOfTwoPeriodsAgoOnlyCostTheResumption) {
    Pair pair;
    const Resumption memory = remember(pair);
    const base::UnixTime later{kWallNow.seconds + 3 * 12 * 3600};
    ASSERT_TRUE(pair.server.endpoint->set_wall_clock(later));
    pair.at_client = pair.dial(&memory);
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(50)));
    ASSERT_TRUE(pair.net.run_until([&] { return pair.both_connected(); }));
    EXPECT_FALSE(pair.client.last<Connected>()->resumed);
    EXPECT_FALSE(pair.client.last<Connected>()->early_data_accepted);
    EXPECT_EQ(pair.client.counters().early_data_rejected, 1U);
    // The connection is sound afterwards, whatever became of the early datagram.
    pair.net.run_for(base::seconds(1));
    const std::size_t before = pair.server.datagrams.size();
    const auto now_at_server = pair.server.last<Connected>()->connection;
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(60)));
    ASSERT_TRUE(pair.server.send(now_at_server, make_bytes(70)));
    pair.net.run_for(base::seconds(1));
    EXPECT_EQ(pair.server.datagrams.size(), before + 1);
    EXPECT_FALSE(pair.server.datagrams.back().early);
    ASSERT_EQ(pair.client.datagrams.size(), 1U);
}

TEST(Resumption, APeerThatIsNoLongerTrustedGetsNoEarlyDataThrough) {
    Pair pair;
    const Resumption memory = remember(pair);
    pair.server.endpoint->set_trust({});
    pair.at_client = pair.dial(&memory);
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(50)));
    ASSERT_TRUE(pair.net.run_until([&] { return pair.client.last<Closed>().has_value(); }));
    EXPECT_TRUE(pair.server.datagrams.empty());
    EXPECT_EQ(pair.client.last<Closed>()->cause, CloseCause::TlsAlert);
    EXPECT_EQ(pair.client.last<Closed>()->peer_code, 49U);
    EXPECT_EQ(pair.server.all<Connected>().size(), 1U);
    EXPECT_EQ(pair.server.last<Closed>()->cause, CloseCause::PeerRefused);
}

TEST(Resumption, ATicketWhoseCertificateHasExpiredIsIgnored) {
    Pair pair;
    const Resumption memory = remember(pair);
    const base::UnixTime later{kWallNow.seconds + 31 * 24 * 3600};
    ASSERT_TRUE(pair.client.endpoint->set_wall_clock(later));
    ASSERT_TRUE(pair.server.endpoint->set_wall_clock(later));
    pair.connect(&memory);
    EXPECT_FALSE(pair.client.last<Connected>()->resumed);
}

TEST(Resumption, ATicketOfAnotherPeerIsNotOffered) {
    Pair pair;
    const Resumption memory = remember(pair);
    TestNode& other = pair.net.add(3, "10.0.0.3:9000");
    other.trust(pair.client.identity.public_key());
    pair.client.trust(other.identity.public_key());
    const auto handle = pair.client.endpoint->connect(
        pair.net.now(), {.flow = {pair.flow().local, other.addresses.front()},
                         .expected = other.identity.node_id(),
                         .resumption = &memory});
    ASSERT_TRUE(handle);
    EXPECT_EQ(pair.client.endpoint->datagram_bytes_max(*handle), 0U);
    ASSERT_TRUE(pair.net.run_until([&] { return !other.all<Connected>().empty(); }));
    EXPECT_FALSE(other.last<Connected>()->resumed);
    EXPECT_EQ(pair.client.last<Connected>()->node_id, other.identity.node_id());
}

TEST(Resumption, EarlyDataIsRefusedAfterAPromiseChanged) {
    Pair pair;
    const Resumption memory = remember(pair);
    pair.server.options.stream_window_bytes = 1000;
    pair.server.restart(7);
    pair.at_client = pair.dial(&memory);
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(50)));
    ASSERT_TRUE(pair.net.run_until([&] { return pair.both_connected(); }));
    EXPECT_FALSE(pair.client.last<Connected>()->resumed);
    for (const KeptDatagram& datagram : pair.server.datagrams) {
        EXPECT_FALSE(datagram.early);
    }
}

TEST(Resumption, GarbageInAMemoryIsHarmless) {
    Pair pair;
    const Resumption good = remember(pair);
    for (std::size_t at = 0; at < good.session.size(); at += 7) {
        Resumption bad = good;
        bad.session[at] ^= std::byte{0x41};
        // A wrong secret inside ends the handshake, all else is ignored; nothing hangs.
        pair.at_client = pair.dial(&bad);
        EXPECT_TRUE(pair.net.run_until([&] {
            const auto closed = pair.client.last<Closed>();
            return pair.both_connected() || (closed && closed->connection == pair.at_client);
        })) << "byte "
            << at;
    }
    Resumption bad = good;
    bad.transport_parameters = make_bytes(200, 0xFF);
    bad.token = make_bytes(400, 0x36);
    pair.connect(&bad);
    bad.session = make_bytes(100'000);
    pair.connect(&bad);
}

TEST(Resumption, WorksThroughARetry) {
    EndpointOptions options;
    options.half_open_retry_threshold = 0;
    Pair pair({}, options);
    Resumption memory = remember(pair);
    memory.token.clear();
    pair.at_client = pair.dial(&memory);
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(50)));
    ASSERT_TRUE(pair.net.run_until([&] { return pair.both_connected(); }));
    EXPECT_TRUE(pair.client.last<Connected>()->resumed);
}

TEST(Resumption, SurvivesTheLossOfTheFirstFlight) {
    Pair pair;
    const Resumption memory = remember(pair);
    int dropped = 0;
    pair.net.filter = [&](WirePacket&) { return ++dropped > 4; };
    pair.at_client = pair.dial(&memory);
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(500)));
    }
    ASSERT_TRUE(pair.net.run_until([&] { return pair.both_connected(); }));
    EXPECT_FALSE(pair.server.datagrams.empty());
}

}  // namespace
}  // namespace qe::quic::testing
