// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "test_net.h"

namespace qe::quic::testing {
namespace {

TEST(Datagrams, ArriveBothWaysAndInOrder) {
    Pair pair;
    pair.connect();
    for (std::uint8_t i = 0; i < 50; ++i) {
        ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(10U + i, i)));
        ASSERT_TRUE(pair.server.send(pair.at_server, make_bytes(60U + i, i)));
    }
    pair.net.run_for(base::seconds(1));
    ASSERT_EQ(pair.server.datagrams.size(), 50U);
    ASSERT_EQ(pair.client.datagrams.size(), 50U);
    for (std::uint8_t i = 0; i < 50; ++i) {
        EXPECT_EQ(pair.server.datagrams[i].bytes, make_bytes(10U + i, i));
        EXPECT_EQ(pair.client.datagrams[i].bytes, make_bytes(60U + i, i));
        EXPECT_EQ(pair.server.datagrams[i].connection, pair.at_server);
        EXPECT_FALSE(pair.server.datagrams[i].early);
    }
}

TEST(Datagrams, PartsAreJoined) {
    Pair pair;
    pair.connect();
    const base::Bytes head = make_bytes(3, 1);
    const base::Bytes body = make_bytes(5, 2);
    const std::array<base::ByteView, 3> parts = {head, base::ByteView(), body};
    ASSERT_TRUE(pair.client.endpoint->send_datagram(pair.at_client, parts));
    pair.net.run_for(base::seconds(1));
    ASSERT_EQ(pair.server.datagrams.size(), 1U);
    base::Bytes expected = head;
    expected.insert(expected.end(), body.begin(), body.end());
    EXPECT_EQ(pair.server.datagrams[0].bytes, expected);
}

class DatagramSize : public ::testing::TestWithParam<bool> {};

TEST_P(DatagramSize, TheLargestOneFillsExactlyOnePacketAndOneByteMoreIsRefused) {
    Pair pair({}, {}, GetParam());
    pair.connect();
    pair.net.run_for(base::seconds(5));
    const std::size_t most = pair.client.endpoint->datagram_bytes_max(pair.at_client);
    const std::size_t payload = pair.client.endpoint->info(pair.at_client)->udp_payload_bytes;
    EXPECT_EQ(payload, GetParam() ? 1452U : 1472U);
    const auto refused = pair.client.send(pair.at_client, make_bytes(most + 1));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::ErrorCode::kDatagramTooLarge);

    std::vector<std::size_t> sizes;
    pair.net.filter = [&](WirePacket& packet) {
        if (packet.payload.size() > 1000) {
            sizes.push_back(packet.payload.size());
        }
        return true;
    };
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(most)));
    }
    pair.net.run_for(base::seconds(1));
    ASSERT_EQ(sizes.size(), 3U);
    for (const std::size_t size : sizes) {
        EXPECT_LE(size, payload);
        EXPECT_GE(size, payload - 3) << "only a shorter packet number may leave room";
    }
    EXPECT_EQ(pair.server.datagrams.size(), 3U);
}

TEST_P(DatagramSize, StillFitsWhenThePacketNumberHasGrown) {
    Pair pair({}, {}, GetParam());
    pair.connect();
    pair.net.run_for(base::seconds(5));
    const std::size_t most = pair.client.endpoint->datagram_bytes_max(pair.at_client);
    std::size_t sent = 0;
    // Many packets without an acknowledgement need two and three bytes of packet number.
    for (int round = 0; round < 200; ++round) {
        for (int i = 0; i < 20; ++i) {
            sent += pair.client.send(pair.at_client, make_bytes(most)) ? 1U : 0U;
        }
        pair.net.run_for(base::milliseconds(5));
    }
    pair.net.run_for(base::seconds(5));
    EXPECT_EQ(sent, 4000U);
    EXPECT_EQ(pair.server.datagrams.size(), sent);
    EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->datagrams_dropped, 0U);
}

INSTANTIATE_TEST_SUITE_P(Families, DatagramSize, ::testing::Values(false, true));

TEST(Datagrams, A1420BytePacketWithItsHeaderFitsIpv6OverEthernet) {
    Pair pair({}, {}, true);
    pair.connect();
    pair.net.run_for(base::seconds(5));
    EXPECT_GE(pair.client.endpoint->datagram_bytes_max(pair.at_client), 1421U);
}

TEST(Datagrams, SmallOnesShareAPacket) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(5));
    const std::uint64_t before = pair.net.packets_sent;
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(100)));
    }
    pair.net.flush();
    EXPECT_EQ(pair.net.packets_sent - before, 1U);
    pair.net.run_for(base::seconds(1));
    EXPECT_EQ(pair.server.datagrams.size(), 10U);
}

TEST(Datagrams, EqualPacketsLeaveInOneBurst) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(5));
    const std::size_t most = pair.client.endpoint->datagram_bytes_max(pair.at_client);
    // A burst is what the path carries in a millisecond: some of it has to be seen first. This one
    // has no limit, so not for long.
    pair.client.feed = [&] {
        while (pair.client.endpoint->datagram_room(pair.at_client) >= most &&
               pair.client.send(pair.at_client, make_bytes(most))) {
        }
    };
    pair.net.run_for(base::milliseconds(100));
    pair.client.feed = nullptr;
    pair.net.run_for(base::seconds(1));
    for (int i = 0; i < 8; ++i) {
        ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(most)));
    }
    std::vector<std::byte> buffer(65536);
    const auto burst = pair.client.endpoint->poll_transmit(pair.net.now(), buffer);
    ASSERT_TRUE(burst);
    EXPECT_GE(burst->size / burst->segment_size, 4U);
    EXPECT_LE(burst->size, 65536U);
}

TEST(Datagrams, ASmallBufferCarriesOnePacketAtATime) {
    Pair pair;
    pair.net.buffer_bytes = kTransmitBufferMin;
    pair.connect();
    pair.net.run_for(base::seconds(5));
    const std::size_t most = pair.client.endpoint->datagram_bytes_max(pair.at_client);
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(most)));
    }
    pair.net.run_for(base::seconds(1));
    EXPECT_EQ(pair.server.datagrams.size(), 20U);
}

TEST(Datagrams, MixedSizesAllArrive) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(5));
    const std::size_t most = pair.client.endpoint->datagram_bytes_max(pair.at_client);
    std::mt19937 random(4);
    std::vector<std::size_t> sizes;
    for (int i = 0; i < 2000; ++i) {
        const std::size_t size = 1 + random() % most;
        if (pair.client.send(pair.at_client, make_bytes(size))) {
            sizes.push_back(size);
        }
        pair.net.run_for(base::microseconds(300));
    }
    pair.net.run_for(base::seconds(10));
    ASSERT_EQ(pair.server.datagrams.size(), sizes.size());
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        ASSERT_EQ(pair.server.datagrams[i].bytes.size(), sizes[i]);
    }
}

TEST(Datagrams, AFullQueueRefusesAndCounts) {
    EndpointOptions options;
    options.datagram_queue_bytes_max = 10'000;
    Pair pair(options);
    pair.connect();
    int taken = 0;
    while (pair.client.send(pair.at_client, make_bytes(1000))) {
        ++taken;
    }
    EXPECT_EQ(taken, 10);
    const auto info = pair.client.endpoint->info(pair.at_client);
    EXPECT_EQ(info->datagrams_dropped, 1U);
    EXPECT_EQ(info->datagram_queue_bytes, 10'000U);
    pair.net.run_for(base::seconds(2));
    EXPECT_EQ(pair.server.datagrams.size(), 10U);
    EXPECT_TRUE(pair.client.send(pair.at_client, make_bytes(1000)));
}

TEST(Datagrams, CannotBeSentBeforeTheHandshakeNorOnAStaleHandle) {
    Pair pair;
    const ConnectionHandle handle = pair.dial();
    EXPECT_EQ(pair.client.endpoint->datagram_bytes_max(handle), 0U);
    EXPECT_FALSE(pair.client.send(handle, make_bytes(10)));
    pair.client.endpoint->close(pair.net.now(), handle, 0, "");
    const auto status = pair.client.send(handle, make_bytes(10));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, base::ErrorCode::kNoSuchConnection);
    EXPECT_EQ(pair.client.endpoint->datagram_bytes_max(handle), 0U);
}

TEST(Datagrams, SurplusBeyondTheReceiveArenaIsDroppedAndCounted) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(5));
    const std::size_t most = pair.client.endpoint->datagram_bytes_max(pair.at_client);
    // A driver that never clears: the arena fills up, the connection goes on.
    std::vector<std::byte> buffer(65536);
    base::Instant now = pair.net.now();
    std::uint64_t rounds = 0;
    while (pair.server.counters().receive_arena_drops == 0 && ++rounds < 100'000) {
        static_cast<void>(pair.client.send(pair.at_client, make_bytes(most)));
        now = now + base::microseconds(500);
        pair.client.endpoint->handle_timeout(now);
        while (const auto t = pair.client.endpoint->poll_transmit(now, buffer)) {
            pair.server.endpoint->handle_datagrams(
                now, {.flow = {t->flow.remote, t->flow.local},
                      .ecn = t->ecn,
                      .segment_size = t->segment_size,
                      .payload = base::ByteView(buffer).first(t->size)});
        }
        pair.server.endpoint->handle_timeout(now);
        while (const auto t = pair.server.endpoint->poll_transmit(now, buffer)) {
            pair.client.endpoint->handle_datagrams(
                now, {.flow = {t->flow.remote, t->flow.local},
                      .ecn = t->ecn,
                      .segment_size = t->segment_size,
                      .payload = base::ByteView(buffer).first(t->size)});
        }
    }
    EXPECT_GT(pair.server.counters().receive_arena_drops, 0U);
    std::size_t bytes = 0;
    for (const ReceivedDatagram& datagram : pair.server.endpoint->datagrams()) {
        bytes += datagram.bytes.size();
    }
    EXPECT_LE(bytes, kReceivedDatagramBytesMax);
    EXPECT_GT(bytes, kReceivedDatagramBytesMax * 9 / 10);
    pair.server.endpoint->clear_datagrams();
    EXPECT_TRUE(pair.server.endpoint->datagrams().empty());
}

TEST(Datagrams, CubicIsAnOption) {
    EndpointOptions options;
    options.congestion_control = CongestionControl::Cubic;
    Pair pair(options, options);
    pair.connect();
    EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->congestion_control, "cubic");
    for (int i = 0; i < 200; ++i) {
        ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(1000)));
    }
    pair.net.run_for(base::seconds(2));
    EXPECT_EQ(pair.server.datagrams.size(), 200U);
}

}  // namespace
}  // namespace qe::quic::testing
