// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "test_net.h"

namespace qe::quic::testing {
namespace {

constexpr std::size_t kTransferBytes = 16U << 20;

/// A driver with a queue of its own: hands over what the endpoint has room for, and watches.
struct Feeder {
    Pair& pair;
    bool by_room = true;
    std::size_t left = kTransferBytes;
    std::size_t queue_max = 0;   ///< Bytes the endpoint ever held.
    std::size_t window_max = 0;  ///< Congestion window.
    std::size_t flight_max = 0;

    void operator()() {
        Endpoint& endpoint = *pair.client.endpoint;
        const std::size_t most = endpoint.datagram_bytes_max(pair.at_client);
        std::size_t room = by_room ? endpoint.datagram_room(pair.at_client) : left;
        while (left > 0 && room >= std::min(most, left)) {
            const std::size_t size = std::min(most, left);
            if (!pair.client.send(pair.at_client, make_bytes(size))) {
                break;
            }
            room -= size;
            left -= size;
        }
        const auto info = endpoint.info(pair.at_client);
        queue_max = std::max(queue_max, info->datagram_queue_bytes);
        window_max = std::max<std::size_t>(window_max, info->congestion_window_bytes);
        flight_max = std::max<std::size_t>(flight_max, info->bytes_in_flight);
    }
};

struct Outcome {
    Feeder feeder;
    base::Duration took{0};
};

EndpointOptions with(CongestionControl control) {
    EndpointOptions options;
    options.congestion_control = control;
    return options;
}

Outcome transfer(Pair& pair, bool by_room) {
    pair.connect();
    pair.net.run_for(base::seconds(2));
    Feeder feeder{.pair = pair, .by_room = by_room};
    pair.client.feed = [&feeder] { feeder(); };
    const base::Instant start = pair.net.now();
    std::size_t received = 0;
    std::size_t seen = 0;
    const bool done = pair.net.run_until(
        [&] {
            for (; seen < pair.server.datagrams.size(); ++seen) {
                received += pair.server.datagrams[seen].bytes.size();
            }
            return received >= kTransferBytes;
        },
        base::seconds(60));
    EXPECT_TRUE(done);
    pair.client.feed = nullptr;
    return {.feeder = feeder, .took = pair.net.now() - start};
}

class DatagramRoom : public ::testing::TestWithParam<CongestionControl> {};

TEST_P(DatagramRoom, KeepsTheQueueShortAndTheWindowFull) {
    Pair reference(with(GetParam()), with(GetParam()));
    const Outcome flooded = transfer(reference, false);
    Pair pair(with(GetParam()), with(GetParam()));
    const Outcome fed = transfer(pair, true);

    constexpr std::size_t kQuantumMax = 64U << 10;
    EXPECT_LE(fed.feeder.queue_max,
              kQuantumMax + pair.client.endpoint->datagram_bytes_max(pair.at_client));
    EXPECT_GT(flooded.feeder.queue_max, 4 * kQuantumMax) << "the reference is one";
    // A sender taken for idle would keep its window at the size it began with.
    EXPECT_GE(fed.feeder.window_max, flooded.feeder.window_max * 9 / 10);
    EXPECT_GE(fed.feeder.flight_max, flooded.feeder.flight_max * 9 / 10);
    EXPECT_LE(fed.took.count(), flooded.took.count() * 11 / 10);
    EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->datagrams_dropped, 0U);
}

INSTANTIATE_TEST_SUITE_P(Controllers, DatagramRoom,
                         ::testing::Values(CongestionControl::Bbr, CongestionControl::Cubic));

TEST(DatagramRoom, IsNothingBeforeTheHandshakeAndOnAStaleHandle) {
    Pair pair;
    const ConnectionHandle handle = pair.dial();
    EXPECT_EQ(pair.client.endpoint->datagram_room(handle), 0U);
    pair.client.endpoint->close(pair.net.now(), handle, 0, "");
    EXPECT_EQ(pair.client.endpoint->datagram_room(handle), 0U);
}

TEST(DatagramRoom, ShrinksByWhatIsQueuedAndNeverBelowNothing) {
    Pair pair;
    pair.connect();
    const std::size_t empty = pair.client.endpoint->datagram_room(pair.at_client);
    EXPECT_GE(empty, pair.client.endpoint->datagram_bytes_max(pair.at_client));
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(1000)));
    EXPECT_EQ(pair.client.endpoint->datagram_room(pair.at_client), empty - 1000);
    for (std::size_t queued = 1000; queued < empty + 5000; queued += 1000) {
        ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(1000)));
    }
    EXPECT_EQ(pair.client.endpoint->datagram_room(pair.at_client), 0U);
}

TEST(DatagramRoom, IsOneDatagramWhenTheWindowIsFull) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(2));
    pair.net.filter = [](WirePacket&) { return false; };
    Feeder feeder{.pair = pair};
    pair.client.feed = [&feeder] { feeder(); };
    pair.net.run_for(base::milliseconds(30));
    const auto info = pair.client.endpoint->info(pair.at_client);
    EXPECT_GE(info->bytes_in_flight, info->congestion_window_bytes);
    EXPECT_EQ(info->datagram_queue_bytes + pair.client.endpoint->datagram_room(pair.at_client),
              pair.client.endpoint->datagram_bytes_max(pair.at_client));
}

TEST(DatagramRoom, CountsTheFirstFlightOfAResumedSession) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    const auto memory = pair.client.last<ResumptionReady>();
    ASSERT_TRUE(memory);
    const ConnectionHandle handle = pair.dial(&memory->resumption);
    EXPECT_GE(pair.client.endpoint->datagram_room(handle),
              pair.client.endpoint->datagram_bytes_max(handle));
    EXPECT_GT(pair.client.endpoint->datagram_bytes_max(handle), 0U);
}

}  // namespace
}  // namespace qe::quic::testing
