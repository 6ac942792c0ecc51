// SPDX-License-Identifier: Apache-2.0
//
// What chance does to the packets of a pipe: losses against theory, and that none is forgotten.
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sim/pipe.h"
#include "underlay.h"

namespace qe::sim {
namespace {

using base::milliseconds;

struct LossStatistics {
    double share = 0;
    double mean_burst = 0;
};

LossStatistics measure(const LossModel& loss, std::uint64_t packets) {
    Scheduler scheduler;
    Arrivals arrivals(scheduler);
    PipeOptions options;
    options.loss = loss;
    Pipe pipe(scheduler, seeded(3), options, arrivals);
    for (std::uint64_t i = 0; i < packets; ++i) {
        pipe.receive(packet_of(28, i));
    }
    drain(scheduler);
    std::uint64_t bursts = 0;
    std::uint64_t expected = 0;
    for (const std::uint64_t number : arrivals.numbers()) {
        bursts += number > expected ? 1 : 0;
        expected = number + 1;
    }
    bursts += expected < packets ? 1 : 0;
    const auto lost = static_cast<double>(packets - arrivals.all.size());
    EXPECT_EQ(pipe.counters().lost_random, packets - arrivals.all.size());
    return {lost / static_cast<double>(packets), bursts == 0 ? 0 : lost / double(bursts)};
}

TEST(PipeLoss, IsNoneWithoutAModel) { EXPECT_EQ(measure({}, 1'000).share, 0); }

TEST(PipeLoss, IsEverythingWhenCertain) {
    LossModel loss;
    loss.good = 1;
    EXPECT_EQ(measure(loss, 1'000).share, 1);
}

TEST(PipeLoss, OfIndependentPacketsHasTheGivenShareAndShortBursts) {
    LossModel loss;
    loss.good = 0.2;
    const LossStatistics found = measure(loss, 200'000);
    EXPECT_NEAR(found.share, 0.2, 0.005);
    EXPECT_NEAR(found.mean_burst, 1 / (1 - 0.2), 0.02);
}

TEST(PipeLoss, InBurstsHasTheShareAndLengthOfGilbertsModel) {
    for (const auto& [to_bad, to_good] :
         {std::pair{0.01, 0.25}, std::pair{0.002, 0.1}, std::pair{0.05, 0.5}}) {
        const LossStatistics found = measure({0, 1, to_bad, to_good}, 400'000);
        EXPECT_NEAR(found.share, to_bad / (to_bad + to_good), 0.1 * found.share) << to_bad;
        EXPECT_NEAR(found.mean_burst, 1 / to_good, 0.1 / to_good) << to_bad;
    }
}

TEST(PipeLoss, InBothStatesHasTheShareOfElliottsModel) {
    const LossModel loss{0.01, 0.4, 0.02, 0.08};
    const double in_bad = loss.to_bad / (loss.to_bad + loss.to_good);
    const double expected = (1 - in_bad) * loss.good + in_bad * loss.bad;
    EXPECT_NEAR(measure(loss, 400'000).share, expected, 0.05 * expected);
}

/// Conditions that change at random, all of them at once.
PipeOptions random_options(base::Rng& rng) {
    const auto chance = [&rng](double most) {
        return rng.below(2) == 0 ? 0.0 : most * static_cast<double>(rng.below(1000)) / 1000;
    };
    PipeOptions options;
    options.up = rng.below(8) != 0;
    options.mtu = 600 + rng.below(1000);
    options.rate_bps = rng.below(3) == 0 ? 0 : 100'000 + rng.below(20'000'000);
    options.queue = rng.below(2) == 0 ? QueueKind::CoDel : QueueKind::DropTail;
    options.queue_bytes = rng.below(100'000);
    options.delay = milliseconds(rng.below(50));
    options.jitter = milliseconds(rng.below(20));
    options.loss = {chance(0.3), chance(1), chance(0.2), chance(1)};
    options.reorder = chance(0.5);
    options.reorder_by = milliseconds(rng.below(30));
    options.duplicate = chance(0.5);
    options.corrupt = chance(0.5);
    return options;
}

TEST(PipeProperty, AccountsForEveryPacketAtAllTimes) {
    for (std::uint8_t seed = 1; seed <= 20; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        Scheduler scheduler;
        Arrivals arrivals(scheduler);
        base::Rng rng = seeded(seed);
        Pipe pipe(scheduler, rng.fork("pipe"), random_options(rng), arrivals);
        std::uint64_t sent = 0;
        for (int round = 0; round < 200; ++round) {
            for (std::uint64_t burst = rng.below(30); burst > 0; --burst, ++sent) {
                Packet packet = packet_of(28 + rng.below(1400), sent);
                packet.ecn = rng.below(2) == 0 ? net::Ecn::Ect0 : net::Ecn::NotEct;
                pipe.receive(std::move(packet));
            }
            scheduler.run_until(scheduler.now() + base::microseconds(rng.below(5'000)));
            ASSERT_EQ(pipe.counters().inside(), pipe.inside());
            if (rng.below(10) == 0) {
                pipe.set_options(random_options(rng));
            }
        }
        drain(scheduler);
        EXPECT_EQ(pipe.counters().entered, sent);
        EXPECT_EQ(pipe.counters().delivered, arrivals.all.size());
        EXPECT_EQ(pipe.counters().inside(), 0U);
        EXPECT_EQ(pipe.queued_bytes(), 0U);
        EXPECT_TRUE(pipe.idle());
    }
}

}  // namespace
}  // namespace qe::sim
