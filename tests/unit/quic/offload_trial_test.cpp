// SPDX-License-Identifier: Apache-2.0
#include "quic/offload_trial.h"

#include <gtest/gtest.h>

#include <functional>

#include "test_net.h"

namespace qe::quic::testing {
namespace {

/// Feeds a trial with the fates of packets, one a millisecond.
struct Path {
    OffloadTrial trial;
    base::Instant now = base::Instant::from_nanoseconds(1'000'000'000);

    void wait(base::Duration duration) {
        now = now + duration;
        trial.update(now);
    }
    /// `lost` of each ten packets are lost, in whatever way they leave now.
    void send(int packets, int lost_segmented, int lost_single) {
        for (int i = 0; i < packets; ++i) {
            if (trial.segmenting()) {
                trial.on_segmented(now, i % 10 < lost_segmented);
            } else {
                trial.on_single(i % 10 < lost_single);
            }
            wait(base::milliseconds(1));
        }
    }
};

TEST(OffloadTrial, SwitchesOffWhereOnlySegmentedPacketsDie) {
    for (const int lost : {6, 10}) {
        Path path;
        path.send(200, lost, 0);
        EXPECT_TRUE(path.trial.off());
        EXPECT_FALSE(path.trial.segmenting());
        EXPECT_EQ(path.trial.trials(), 1U);
        EXPECT_GE(path.trial.burst_loss(), 0.5);
        EXPECT_EQ(path.trial.single_loss(), 0.0);
    }
}

TEST(OffloadTrial, FewPacketsAreEnoughWhenTimePasses) {
    Path path;
    for (int i = 0; i < 20; ++i) {
        path.send(1, 10, 0);
        path.wait(base::milliseconds(100));
    }
    EXPECT_GE(path.trial.trials(), 1U);
    for (int i = 0; i < 30; ++i) {
        path.send(1, 10, 0);
        path.wait(base::milliseconds(100));
    }
    EXPECT_TRUE(path.trial.off());
}

TEST(OffloadTrial, LeavesItOnWhereSinglePacketsDieToo) {
    for (const int lost : {6, 10}) {
        Path path;
        path.send(2000, lost, lost);
        EXPECT_FALSE(path.trial.off());
        EXPECT_TRUE(path.trial.segmenting());
        EXPECT_EQ(path.trial.trials(), 1U) << "held off for a minute";
        path.wait(OffloadTrial::kHoldOff);
        path.send(200, lost, lost);
        EXPECT_EQ(path.trial.trials(), 2U);
        EXPECT_FALSE(path.trial.off());
    }
}

TEST(OffloadTrial, ModestLossIsNoReason) {
    Path path;
    path.send(5000, 4, 0);
    EXPECT_EQ(path.trial.trials(), 0U);
    EXPECT_TRUE(path.trial.segmenting());
}

TEST(OffloadTrial, TriesAgainEverMoreRarely) {
    Path path;
    base::Duration off = OffloadTrial::kOffMin;
    for (int round = 0; round < 8; ++round) {
        path.send(100, 10, 0);
        ASSERT_FALSE(path.trial.segmenting()) << round;
        path.wait(off - base::seconds(1));
        EXPECT_FALSE(path.trial.segmenting()) << round;
        path.wait(base::seconds(1));
        EXPECT_TRUE(path.trial.segmenting()) << round;
        EXPECT_TRUE(path.trial.off()) << "not proven yet";
        off = std::min(2 * off, OffloadTrial::kOffMax);
    }
    path.send(100, 0, 0);
    EXPECT_FALSE(path.trial.off());
    path.send(100, 10, 0);
    path.wait(OffloadTrial::kOffMin);
    EXPECT_TRUE(path.trial.segmenting()) << "a healed path starts anew";
}

TEST(OffloadTrial, SilenceDuringATrialProvesNothing) {
    Path path;
    path.send(32, 10, 0);
    ASSERT_FALSE(path.trial.segmenting());
    path.wait(OffloadTrial::kTrialMax);
    EXPECT_TRUE(path.trial.segmenting());
    EXPECT_FALSE(path.trial.off());
}

TEST(OffloadTrial, AnotherPathIsInnocent) {
    Path path;
    path.send(200, 10, 0);
    path.trial.reset();
    EXPECT_TRUE(path.trial.segmenting());
    EXPECT_FALSE(path.trial.off());
    EXPECT_EQ(path.trial.trials(), 1U);
}

TEST(OffloadTrial, SizeIsNotBlamedWhileSegmentationIsTheSuspect) {
    Path path;
    EXPECT_FALSE(path.trial.suspects(path.now));
    path.send(4, 10, 10);
    EXPECT_TRUE(path.trial.suspects(path.now));
    path.send(100, 10, 10);
    EXPECT_FALSE(path.trial.suspects(path.now)) << "single ones died as well";
}

TEST(OffloadTrial, IsOverWhenTheSizeIsFoundGuilty) {
    Path path;
    path.send(32, 10, 0);
    ASSERT_FALSE(path.trial.segmenting());
    path.trial.acquit(path.now);
    path.send(200, 10, 0);
    EXPECT_TRUE(path.trial.segmenting());
    EXPECT_FALSE(path.trial.off());
    EXPECT_EQ(path.trial.trials(), 1U);
}

// --- The same between two endpoints --------------------------------------------------------------

/// What the network does to packet `index` of a send of `count` packets: true, it arrives.
using Fate = std::function<bool(std::size_t index, std::size_t count)>;

struct LoadedPair {
    Pair pair;

    explicit LoadedPair(const Fate& fate) {
        pair.net.delay = base::microseconds(200);
        pair.connect();
        pair.net.run_for(base::seconds(2));
        pair.net.segmented_fate = fate;
    }
    /// A caller that has always more to send, 1 Gbit/s at most.
    void load(base::Duration duration) {
        const base::Instant end = pair.net.now() + duration;
        while (pair.net.now() < end) {
            Endpoint& endpoint = *pair.client.endpoint;
            const std::size_t most = endpoint.datagram_bytes_max(pair.at_client);
            std::size_t budget = 62'500;
            while (budget > most && endpoint.datagram_room(pair.at_client) >= most &&
                   pair.client.send(pair.at_client, make_bytes(most))) {
                budget -= most;
            }
            pair.net.run_for(base::microseconds(500));
        }
    }
    [[nodiscard]] ConnectionInfo info() { return *pair.client.endpoint->info(pair.at_client); }
    void expect_off() {
        load(base::seconds(3));
        EXPECT_FALSE(info().segmentation_offload);
        EXPECT_LT(info().single_loss, 0.1);
        EXPECT_GE(info().burst_loss, 0.5);
        const auto told = pair.client.all<OffloadChanged>();
        ASSERT_EQ(told.size(), 1U);
        EXPECT_TRUE(told[0].off);
        EXPECT_EQ(told[0].connection, pair.at_client);
        EXPECT_GE(told[0].burst_loss, 0.5);
        EXPECT_EQ(pair.client.counters().offload_off, 1U);
        EXPECT_EQ(pair.client.counters().offload_trials, 1U);
        EXPECT_EQ(pair.client.counters().black_holes, 0U);
        EXPECT_EQ(info().udp_payload_bytes, 1472U);
        const std::size_t before = pair.server.datagrams.size();
        load(base::seconds(1));
        EXPECT_GT(pair.server.datagrams.size() - before, 10'000U) << "back to speed";
    }
};

TEST(BrokenOffload, ThatDropsEverySegmentedSendIsSwitchedOff) {
    LoadedPair loaded([](std::size_t, std::size_t) { return false; });
    loaded.expect_off();
}

TEST(BrokenOffload, ThatSpoilsAllButTheFirstPacketIsSwitchedOff) {
    LoadedPair loaded([](std::size_t index, std::size_t) { return index == 0; });
    loaded.expect_off();
}

TEST(BrokenOffload, ThatDropsSixInTenIsSwitchedOff) {
    std::size_t counter = 0;
    LoadedPair loaded([&](std::size_t, std::size_t) { return counter++ * 7 % 10 >= 6; });
    loaded.expect_off();
}

TEST(BrokenOffload, IsTriedAgainAndSaidToBeBackWhenItHealed) {
    LoadedPair loaded([](std::size_t, std::size_t) { return false; });
    loaded.load(base::seconds(3));
    ASSERT_FALSE(loaded.info().segmentation_offload);
    loaded.pair.net.segmented_fate = nullptr;
    loaded.pair.net.run_for(OffloadTrial::kOffMin);
    loaded.load(base::seconds(1));
    EXPECT_TRUE(loaded.info().segmentation_offload);
    const auto told = loaded.pair.client.all<OffloadChanged>();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_FALSE(told[1].off);
}

TEST(BrokenOffload, IsNotSeenInAPathThatLosesAThirdOfEverything) {
    LoadedPair loaded(nullptr);
    std::uint64_t counter = 0;
    loaded.pair.net.filter = [&](WirePacket&) { return ++counter * 7 % 10 >= 3; };
    loaded.load(base::seconds(10));
    EXPECT_TRUE(loaded.info().segmentation_offload);
    EXPECT_TRUE(loaded.pair.client.all<OffloadChanged>().empty());
    EXPECT_EQ(loaded.pair.client.counters().offload_off, 0U);
}

TEST(BrokenOffload, IsNotBlamedForABlackHole) {
    LoadedPair loaded(nullptr);
    loaded.load(base::seconds(1));
    loaded.pair.net.mtu = 1300;
    loaded.load(base::seconds(5));
    EXPECT_EQ(loaded.pair.client.counters().black_holes, 1U);
    EXPECT_EQ(loaded.pair.client.counters().offload_off, 0U);
    EXPECT_EQ(loaded.info().udp_payload_bytes, 1200U);
}

}  // namespace
}  // namespace qe::quic::testing
