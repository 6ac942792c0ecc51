// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>

#include "test_net.h"

namespace qe::quic::testing {
namespace {

EndpointOptions with(CongestionControl control) {
    EndpointOptions options;
    options.congestion_control = control;
    return options;
}

/// What one end did between two moments.
struct Cost {
    std::uint64_t packets = 0;   ///< Sent.
    std::uint64_t timeouts = 0;  ///< Times its deadline came.
    std::uint64_t blocks = 0;    ///< Batches received.
};

class Meter {
  public:
    explicit Meter(const TestNode& node) : node_(node), before_(total()) {}
    [[nodiscard]] Cost read() const {
        const Cost after = total();
        return {.packets = after.packets - before_.packets,
                .timeouts = after.timeouts - before_.timeouts,
                .blocks = after.blocks - before_.blocks};
    }

  private:
    [[nodiscard]] Cost total() const {
        return {.packets = node_.packets_sent,
                .timeouts = node_.timeouts,
                .blocks = node_.blocks_received};
    }
    const TestNode& node_;
    Cost before_;
};

class Idle : public ::testing::TestWithParam<CongestionControl> {};

TEST_P(Idle, TenSecondsCostTheDiallerThreePingsAndTheListenerNoWakeOfItsOwn) {
    Pair pair(with(GetParam()), with(GetParam()));
    pair.connect();
    pair.net.run_for(base::seconds(10));
    const Meter client(pair.client);
    const Meter server(pair.server);
    pair.net.run_for(base::seconds(10));
    EXPECT_LE(client.read().packets, 5U);  // ngtcp2 adds a PING to some acknowledgements
    EXPECT_LE(client.read().timeouts, 4U);
    EXPECT_LE(server.read().packets, 4U);
    EXPECT_EQ(server.read().timeouts, 0U);
    EXPECT_GE(server.read().packets, 3U) << "a dead listener would go unnoticed";
    EXPECT_GE(pair.server.endpoint->info(pair.at_server)->last_received_at,
              pair.net.now() - base::seconds(4))
        << "a dead dialler would go unnoticed";
}

INSTANTIATE_TEST_SUITE_P(Controllers, Idle,
                         ::testing::Values(CongestionControl::Bbr, CongestionControl::Cubic));

TEST(Idle, AListenerLeavesTheAskingToItsDialler) {
    EndpointOptions silent;
    silent.keep_alive = base::Duration::zero();
    Pair pair(silent);
    pair.connect();
    pair.net.run_for(base::seconds(10));
    const Meter server(pair.server);
    pair.net.run_for(base::seconds(3));
    EXPECT_EQ(server.read().packets, 0U);
    EXPECT_EQ(server.read().timeouts, 0U);
}

TEST(Idle, ALonePacketIsAcknowledgedAtOnceAndLeavesNoTimerBehind) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(10));
    const Meter client(pair.client);
    const Meter server(pair.server);
    for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(100)));
        pair.net.run_for(base::milliseconds(100));
    }
    EXPECT_EQ(server.read().timeouts, 0U);
    // The pacer is told of every second full-size packet's worth.
    EXPECT_LE(client.read().timeouts, 2U);
}

TEST(Acknowledgements, AreOneARoundOfInputNotOneAPacketOrBatch) {
    for (const std::size_t batch : {1U, 2U, 32U}) {
        Pair pair;
        pair.connect();
        pair.net.run_for(base::seconds(5));
        const std::size_t most = pair.client.endpoint->datagram_bytes_max(pair.at_client);
        pair.net.block_packets_max = batch;
        pair.client.feed = [&] {
            while (pair.client.endpoint->datagram_room(pair.at_client) >= most &&
                   pair.client.send(pair.at_client, make_bytes(most))) {
            }
        };
        pair.net.run_for(base::milliseconds(100));  // First packets are acknowledged more often.
        const Meter client(pair.client);
        const Meter server(pair.server);
        pair.net.run_for(base::milliseconds(50));
        pair.client.feed = nullptr;
        EXPECT_GT(client.read().packets, 300U);
        EXPECT_LE(server.read().packets * 12, client.read().packets) << batch;
    }
}

}  // namespace
}  // namespace qe::quic::testing
