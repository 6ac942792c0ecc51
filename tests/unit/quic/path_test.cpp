// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "quic/transport.h"
#include "test_net.h"

namespace qe::quic::testing {
namespace {

struct PathMtu {
    std::size_t mtu;
    bool v6;
    /// Room that may be left unused, bytes.
    std::size_t slack;
};

class Discovery : public ::testing::TestWithParam<PathMtu> {};

TEST_P(Discovery, FindsThePathMtuWithinAFewBytesAndFast) {
    const auto [mtu, v6, slack] = GetParam();
    Pair pair({}, {}, v6);
    pair.net.mtu = mtu;
    pair.connect();
    pair.net.run_for(base::seconds(10));
    const std::size_t ideal = mtu - (v6 ? 48 : 28);
    for (const auto& [node, handle] :
         {std::pair(&pair.client, pair.at_client), std::pair(&pair.server, pair.at_server)}) {
        const std::size_t found = node->endpoint->info(handle)->udp_payload_bytes;
        EXPECT_LE(found, ideal);
        EXPECT_GE(found + slack, ideal);
        const auto told = node->last<DatagramSizeChanged>();
        ASSERT_TRUE(told);
        EXPECT_EQ(told->bytes_max, node->endpoint->datagram_bytes_max(handle));
    }
    // What fits is what arrives.
    const std::size_t most = pair.client.endpoint->datagram_bytes_max(pair.at_client);
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(most)));
    pair.net.run_for(base::seconds(1));
    EXPECT_EQ(pair.server.datagrams.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Links, Discovery,
                         ::testing::Values(PathMtu{1500, false, 0}, PathMtu{1500, true, 0},
                                           PathMtu{1492, false, 0}, PathMtu{1492, true, 0},
                                           PathMtu{1420, false, 0}, PathMtu{1400, false, 0},
                                           PathMtu{1400, true, 0}, PathMtu{1280, false, 0},
                                           PathMtu{1280, true, 0}, PathMtu{1300, false, 20},
                                           PathMtu{1450, true, 10}));

TEST(Discovery, AnEthernetPathIsWholeAfterThreeRoundTrips) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::milliseconds(100));
    EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->udp_payload_bytes, 1472U);
}

TEST(Discovery, AProbeThatIsTooLargeTakesNoDataWithIt) {
    for (const std::size_t size : {100U, 700U, 1100U}) {
        Pair pair;
        pair.net.mtu = 1400;
        pair.net.bursts_stay_whole = true;
        pair.connect();
        for (std::size_t i = 0; i < 200; ++i) {
            ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(size)));
            pair.net.run_for(base::microseconds(500));
        }
        pair.net.run_for(base::seconds(1));
        EXPECT_EQ(pair.server.datagrams.size(), 200U) << size;
        EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->udp_payload_bytes, 1372U);
    }
}

TEST(Discovery, AJumboLinkIsUsedWhenAllowed) {
    EndpointOptions options;
    options.udp_payload_bytes_max = 8972;
    Pair pair(options, options);
    pair.net.mtu = 9000;
    pair.connect();
    pair.net.run_for(base::seconds(5));
    EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->udp_payload_bytes, 8972U);
    const std::size_t most = pair.client.endpoint->datagram_bytes_max(pair.at_client);
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(most)));
    pair.net.run_for(base::seconds(1));
    EXPECT_EQ(pair.server.datagrams.size(), 1U);
}

TEST(Discovery, ProbesAreOrderedAndBounded) {
    for (const net::Family family : {net::Family::V4, net::Family::V6}) {
        for (const std::size_t most : {0U, 1200U, 1201U, 1252U, 1300U, 1472U, 8972U, 70'000U}) {
            const auto probes = mtu_probes(family, most);
            const std::size_t limit = udp_payload_limit(family, most);
            EXPECT_GE(limit, 1200U);
            EXPECT_EQ(probes.empty(), limit == 1200);
            for (const std::size_t probe : probes) {
                EXPECT_GT(probe, 1200U);
                EXPECT_LE(probe, limit);
            }
            if (!probes.empty()) {
                EXPECT_EQ(*std::ranges::max_element(probes), limit);
            }
        }
    }
}

/// One full-size datagram every two milliseconds, whatever "full-size" is at the time.
void send_steadily(Pair& pair, base::Duration duration) {
    const base::Instant end = pair.net.now() + duration;
    while (pair.net.now() < end) {
        const std::size_t most = pair.client.endpoint->datagram_bytes_max(pair.at_client);
        static_cast<void>(pair.client.send(pair.at_client, make_bytes(most)));
        pair.net.run_for(base::milliseconds(2));
    }
}

TEST(BlackHole, AShrunkenPathIsNoticedAndLeftAgainWhenItHeals) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(2));
    send_steadily(pair, base::seconds(1));
    pair.net.mtu = 1300;  // silently
    send_steadily(pair, base::seconds(5));
    EXPECT_EQ(pair.client.counters().black_holes, 1U);
    EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->udp_payload_bytes, 1200U);
    EXPECT_EQ(pair.client.last<DatagramSizeChanged>()->bytes_max, 1170U);
    const std::size_t before = pair.server.datagrams.size();
    send_steadily(pair, base::seconds(1));
    EXPECT_GT(pair.server.datagrams.size() - before, 400U);
    pair.net.mtu = 1500;
    pair.net.run_for(base::seconds(61));
    EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->udp_payload_bytes, 1472U);
    const std::size_t healed = pair.server.datagrams.size();
    send_steadily(pair, base::seconds(2));
    EXPECT_GT(pair.server.datagrams.size() - healed, 900U);
    EXPECT_EQ(pair.client.counters().black_holes, 1U);
}

TEST(BlackHole, OrdinaryLossIsNotOne) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(2));
    std::uint64_t counter = 0;
    pair.net.filter = [&](WirePacket&) { return ++counter % 10 < 7; };
    send_steadily(pair, base::seconds(10));
    // A path that is dead for all sizes is not one either.
    pair.net.filter = [](WirePacket&) { return false; };
    send_steadily(pair, base::seconds(3));
    EXPECT_EQ(pair.client.counters().black_holes, 0U);
}

/// Sends a datagram each way and expects both to come through.
void expect_traffic(Pair& pair) {
    const std::size_t here = pair.client.datagrams.size();
    const std::size_t there = pair.server.datagrams.size();
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(200)));
    ASSERT_TRUE(pair.server.send(pair.at_server, make_bytes(200)));
    pair.net.run_for(base::seconds(2));
    EXPECT_EQ(pair.client.datagrams.size(), here + 1);
    EXPECT_EQ(pair.server.datagrams.size(), there + 1);
}

class Migration : public ::testing::TestWithParam<bool> {};

TEST_P(Migration, KeepsTheConnectionOnANewLocalAddress) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    const auto fresh = address("10.9.9.9:9000");
    pair.client.addresses.push_back(fresh);
    ASSERT_TRUE(pair.client.endpoint->migrate(pair.net.now(), pair.at_client, fresh, GetParam()));
    pair.net.run_for(base::seconds(3));
    ASSERT_TRUE(pair.client.last<PathChanged>());
    EXPECT_EQ(pair.client.last<PathChanged>()->flow.local, fresh);
    EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->flow.local, fresh);
    expect_traffic(pair);
    ASSERT_TRUE(pair.server.last<PathChanged>());
    EXPECT_EQ(pair.server.last<PathChanged>()->flow.remote, fresh);
    EXPECT_EQ(pair.server.counters().migrations, 1U);
    // And the new path is measured again.
    pair.net.run_for(base::seconds(5));
    EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->udp_payload_bytes, 1472U);
}

TEST_P(Migration, SurvivesTheLossOfHalfThePackets) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    const auto fresh = address("10.9.9.9:9000");
    pair.client.addresses.push_back(fresh);
    std::uint64_t counter = 0;
    pair.net.filter = [&](WirePacket&) { return ++counter % 2 == 0; };
    ASSERT_TRUE(pair.client.endpoint->migrate(pair.net.now(), pair.at_client, fresh, GetParam()));
    pair.net.run_for(base::seconds(4));
    pair.net.filter = nullptr;
    pair.net.run_for(base::seconds(2));
    EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->flow.local, fresh);
    expect_traffic(pair);
}

INSTANTIATE_TEST_SUITE_P(Ways, Migration, ::testing::Values(false, true));

TEST(Migration, FailsSoftlyWhenTheNewAddressLeadsNowhere) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    const auto dead = address("10.9.9.9:9000");
    ASSERT_TRUE(pair.client.endpoint->migrate(pair.net.now(), pair.at_client, dead, false));
    pair.net.run_for(base::seconds(5));
    EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->flow.local,
              pair.client.addresses.front());
    EXPECT_TRUE(pair.client.all<PathChanged>().empty());
    expect_traffic(pair);
}

TEST(Migration, QueuedDatagramsThatNoLongerFitAreDropped) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    const std::size_t most = pair.client.endpoint->datagram_bytes_max(pair.at_client);
    const auto fresh = address("10.9.9.9:9000");
    pair.client.addresses.push_back(fresh);
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(most)));
    ASSERT_TRUE(pair.client.endpoint->migrate(pair.net.now(), pair.at_client, fresh, true));
    EXPECT_LT(pair.client.endpoint->datagram_bytes_max(pair.at_client), most);
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(100)));
    pair.net.run_for(base::seconds(2));
    ASSERT_EQ(pair.server.datagrams.size(), 1U);
    EXPECT_EQ(pair.server.datagrams[0].bytes.size(), 100U);
    EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->datagrams_dropped, 1U);
}

TEST(Migration, IsRefusedToTheListenerAndBeforeConfirmation) {
    Pair pair;
    const ConnectionHandle early = pair.dial();
    const auto fresh = address("10.9.9.9:9000");
    const auto too_early = pair.client.endpoint->migrate(pair.net.now(), early, fresh, true);
    ASSERT_FALSE(too_early);
    EXPECT_EQ(too_early.error().code, base::ErrorCode::kUnsupported);
    pair.connect();
    pair.net.run_for(base::seconds(1));
    for (const bool immediate : {false, true}) {
        const auto status =
            pair.server.endpoint->migrate(pair.net.now(), pair.at_server, fresh, immediate);
        ASSERT_FALSE(status);
        EXPECT_EQ(status.error().code, base::ErrorCode::kUnsupported);
    }
    EXPECT_TRUE(pair.client.endpoint->migrate(pair.net.now(), pair.at_client,
                                              pair.client.addresses.front(), true))
        << "to where it already is";
}

TEST(Migration, CanBeRepeatedMoreOftenThanThereAreConnectionIds) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    for (std::uint8_t i = 1; i <= 20; ++i) {
        net::SocketAddress fresh = address("10.9.9.9:9000");
        fresh.port = static_cast<std::uint16_t>(10'000 + i);
        pair.client.addresses.push_back(fresh);
        ASSERT_TRUE(
            pair.client.endpoint->migrate(pair.net.now(), pair.at_client, fresh, i % 2 == 0))
            << int{i};
        pair.net.run_for(base::seconds(3));
        EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->flow.local, fresh);
    }
    expect_traffic(pair);
}

TEST(NatRebinding, TheListenerFollowsTheNewPort) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    const auto inside = pair.client.addresses.front();
    auto outside = address("10.0.0.1:40000");
    const auto rebind = [&](WirePacket& packet) {
        if (packet.flow.local == inside) {
            packet.flow.local = outside;
        } else if (packet.flow.remote == outside) {
            packet.flow.remote = inside;
        }
        return true;
    };
    pair.net.filter = rebind;
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(300)));
    pair.net.run_for(base::seconds(3));
    ASSERT_TRUE(pair.server.last<PathChanged>());
    EXPECT_EQ(pair.server.last<PathChanged>()->flow.remote, outside);
    EXPECT_TRUE(pair.client.all<PathChanged>().empty()) << "the client does not see it";
    expect_traffic(pair);
    outside.port = 40'001;
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(300)));
    pair.net.run_for(base::seconds(3));
    EXPECT_EQ(pair.server.last<PathChanged>()->flow.remote, outside);
    expect_traffic(pair);
}

TEST(NatRebinding, AForgedSourceDoesNotMoveTheConnectionForLong) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    // An attacker on the path re-sends one packet from an address of his, faster than the original.
    int stolen = 0;
    pair.net.filter = [&](WirePacket& packet) {
        if (packet.flow.local == pair.client.addresses.front() && stolen++ == 0) {
            packet.flow.local = address("66.6.6.6:666");
        }
        return true;
    };
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(300)));
    pair.net.run_for(base::seconds(5));
    EXPECT_EQ(pair.server.endpoint->info(pair.at_server)->flow.remote,
              pair.client.addresses.front());
    expect_traffic(pair);
}

}  // namespace
}  // namespace qe::quic::testing
