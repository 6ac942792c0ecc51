// SPDX-License-Identifier: Apache-2.0
#include "sim/pipe.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "underlay.h"

namespace qe::sim {
namespace {

using base::milliseconds;
using base::seconds;

class PipeTest : public ::testing::Test {
  protected:
    Pipe make(const PipeOptions& options, std::uint8_t seed = 1) {
        return {scheduler_, seeded(seed), options, arrivals_};
    }
    /// Numbered from 0, all at once.
    static void send(Pipe& pipe, std::size_t count, std::size_t wire_bytes = 1000) {
        for (std::size_t i = 0; i < count; ++i) {
            pipe.receive(packet_of(wire_bytes, i));
        }
    }
    /// One each `gap`.
    void send_spaced(Pipe& pipe, std::size_t count, base::Duration gap) {
        for (std::size_t i = 0; i < count; ++i) {
            pipe.receive(packet_of(1000, i));
            scheduler_.run_until(scheduler_.now() + gap);
        }
    }

    Scheduler scheduler_;
    base::Instant start_ = scheduler_.now();
    Arrivals arrivals_{scheduler_};
};

TEST_F(PipeTest, DeliversAfterTheDelay) {
    PipeOptions options;
    options.delay = milliseconds(20);
    Pipe pipe = make(options);
    send(pipe, 3);
    EXPECT_EQ(pipe.inside(), 3U);
    drain(scheduler_);
    EXPECT_EQ(arrivals_.numbers(), (std::vector<std::uint64_t>{0, 1, 2}));
    for (const auto& arrival : arrivals_.all) {
        EXPECT_EQ(arrival.at, start_ + milliseconds(20));
    }
    EXPECT_EQ(pipe.counters().delivered, 3U);
    EXPECT_EQ(pipe.counters().delivered_bytes, 3000U);
    EXPECT_EQ(pipe.inside(), 0U);
    EXPECT_TRUE(pipe.idle());
}

TEST_F(PipeTest, HandsOnFromAnEventEvenWithoutDelay) {
    Pipe pipe = make({});
    send(pipe, 1);
    EXPECT_TRUE(arrivals_.all.empty());
    EXPECT_FALSE(pipe.idle());
    scheduler_.run_until(start_);
    EXPECT_EQ(arrivals_.all.size(), 1U);
}

TEST_F(PipeTest, LosesEverythingWhileDownButNotWhatIsUnderWay) {
    PipeOptions options;
    options.delay = milliseconds(20);
    Pipe pipe = make(options);
    send(pipe, 2);
    options.up = false;
    pipe.set_options(options);
    send(pipe, 3);
    drain(scheduler_);
    EXPECT_EQ(arrivals_.all.size(), 2U);
    EXPECT_EQ(pipe.counters().lost_down, 3U);
}

TEST_F(PipeTest, CarriesPacketsUpToTheMtuOfBothFamilies) {
    Pipe pipe = make({});
    pipe.receive(packet_of(1500));
    pipe.receive(packet_of(1501));
    Packet v6 = packet_between(endpoint("[2001:db8::1]:1"), endpoint("[2001:db8::2]:2"));
    v6.payload.resize(1452);
    pipe.receive(v6);
    v6.payload.resize(1453);
    pipe.receive(v6);
    drain(scheduler_);
    EXPECT_EQ(arrivals_.all.size(), 2U);
    EXPECT_EQ(pipe.counters().lost_mtu, 2U);
}

TEST_F(PipeTest, KeepsItsRateExactlyOverALongTime) {
    PipeOptions options;
    options.rate_bps = 9'999'991;  // a prime: no packet takes a whole number of nanoseconds
    options.queue_bytes = std::size_t{1} << 30;
    Pipe pipe = make(options);
    base::Rng rng = seeded(9);
    std::uint64_t bits = 0;
    for (int i = 0; i < 20'000; ++i) {
        const std::size_t size = 28 + rng.below(1473);
        bits += size * 8;
        pipe.receive(packet_of(size));
    }
    drain(scheduler_);
    ASSERT_EQ(arrivals_.all.size(), 20'000U);
    const std::uint64_t expected = bits * 1'000'000'000 / options.rate_bps;
    EXPECT_EQ((arrivals_.all.back().at - start_).count(), static_cast<std::int64_t>(expected));
}

TEST_F(PipeTest, BeginsToSendAtOnceAfterIdling) {
    PipeOptions options;
    options.rate_bps = 8'000'000;  // 1000 bytes take 1 ms
    Pipe pipe = make(options);
    send(pipe, 1);
    drain(scheduler_);
    scheduler_.run_until(start_ + seconds(1));
    const base::Instant later = scheduler_.now();
    send(pipe, 2);
    drain(scheduler_);
    ASSERT_EQ(arrivals_.all.size(), 3U);
    EXPECT_EQ(arrivals_.all[0].at, start_ + milliseconds(1));
    EXPECT_EQ(arrivals_.all[1].at, later + milliseconds(1));
    EXPECT_EQ(arrivals_.all[2].at, later + milliseconds(2));
}

TEST_F(PipeTest, DropsTheTailWhenTheQueueIsFull) {
    PipeOptions options;
    options.rate_bps = 8'000'000;
    options.queue_bytes = 3'500;
    Pipe pipe = make(options);
    send(pipe, 6);  // one is being sent, three wait
    EXPECT_EQ(pipe.counters().lost_queue, 2U);
    EXPECT_EQ(pipe.queued_bytes(), 3'000U);
    pipe.receive(packet_of(500, 6));  // fits exactly
    drain(scheduler_);
    EXPECT_EQ(arrivals_.numbers(), (std::vector<std::uint64_t>{0, 1, 2, 3, 6}));
    EXPECT_EQ(pipe.queued_bytes(), 0U);
}

TEST_F(PipeTest, SendsAPacketThatIsLargerThanTheQueueWhenTheLineIsFree) {
    PipeOptions options;
    options.rate_bps = 8'000'000;
    options.queue_bytes = 0;
    Pipe pipe = make(options);
    send(pipe, 2);
    drain(scheduler_);
    EXPECT_EQ(arrivals_.numbers(), std::vector<std::uint64_t>{0});
}

TEST_F(PipeTest, LetsNothingOvertakeTheQueueWhenTheLimitIsLifted) {
    PipeOptions options;
    options.rate_bps = 8'000'000;
    Pipe pipe = make(options);
    send(pipe, 5);
    options.rate_bps = 0;
    pipe.set_options(options);
    pipe.receive(packet_of(1000, 5));
    drain(scheduler_);
    EXPECT_EQ(arrivals_.numbers(), (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5}));
    EXPECT_EQ(arrivals_.all.back().at, start_ + milliseconds(1));
}

TEST_F(PipeTest, JitterSpreadsArrivalsButKeepsTheirOrder) {
    PipeOptions options;
    options.delay = milliseconds(10);
    options.jitter = milliseconds(8);
    Pipe pipe = make(options);
    std::vector<base::Instant> sent;
    for (std::size_t i = 0; i < 2'000; ++i) {
        sent.push_back(scheduler_.now());
        pipe.receive(packet_of(100, i));
        scheduler_.run_until(scheduler_.now() + milliseconds(1));
    }
    drain(scheduler_);
    ASSERT_EQ(arrivals_.all.size(), sent.size());
    const std::vector<std::uint64_t> numbers = arrivals_.numbers();
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
    base::Duration shortest = seconds(1);
    base::Duration longest{0};
    for (std::size_t i = 0; i < sent.size(); ++i) {
        shortest = std::min(shortest, arrivals_.all[i].at - sent[i]);
        longest = std::max(longest, arrivals_.all[i].at - sent[i]);
    }
    EXPECT_GE(shortest, milliseconds(10));
    EXPECT_LT(shortest, milliseconds(11));
    EXPECT_GT(longest, milliseconds(17));
    EXPECT_LE(longest, milliseconds(18));
}

TEST_F(PipeTest, AShorterDelayLetsNothingOvertake) {
    PipeOptions options;
    options.delay = milliseconds(100);
    Pipe pipe = make(options);
    send(pipe, 1);
    options.delay = milliseconds(1);
    pipe.set_options(options);
    pipe.receive(packet_of(100, 1));
    drain(scheduler_);
    EXPECT_EQ(arrivals_.numbers(), (std::vector<std::uint64_t>{0, 1}));
}

TEST_F(PipeTest, HoldsSinglePacketsBack) {
    PipeOptions options;
    options.delay = milliseconds(10);
    options.reorder = 0.1;
    options.reorder_by = base::microseconds(3500);
    Pipe pipe = make(options);
    send_spaced(pipe, 2'000, milliseconds(1));
    drain(scheduler_);
    ASSERT_EQ(arrivals_.all.size(), 2'000U);
    std::uint64_t late = 0;
    for (const auto& arrival : arrivals_.all) {
        const base::Instant on_time =
            start_ + milliseconds(10 + static_cast<int>(arrival.packet.number));
        if (arrival.at != on_time) {
            EXPECT_EQ(arrival.at, on_time + options.reorder_by);
            ++late;
        }
    }
    EXPECT_EQ(late, pipe.counters().reordered);
    EXPECT_GT(late, 150U);
    EXPECT_LT(late, 250U);
    const std::vector<std::uint64_t> numbers = arrivals_.numbers();
    EXPECT_FALSE(std::is_sorted(numbers.begin(), numbers.end()));
}

TEST_F(PipeTest, DoublesPackets) {
    PipeOptions options;
    options.duplicate = 0.25;
    Pipe pipe = make(options);
    send(pipe, 4'000);
    drain(scheduler_);
    const PipeCounters& counters = pipe.counters();
    EXPECT_EQ(arrivals_.all.size(), 4'000 + counters.duplicated);
    EXPECT_NEAR(static_cast<double>(counters.duplicated), 1'000, 100);
    std::vector<std::uint64_t> numbers = arrivals_.numbers();
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    EXPECT_EQ(numbers.size(), 4'000U);
}

TEST_F(PipeTest, FlipsOneBitOfACorruptedPacket) {
    PipeOptions options;
    options.corrupt = 0.5;
    Pipe pipe = make(options);
    send(pipe, 1'000, 128);
    drain(scheduler_);
    std::uint64_t corrupted = 0;
    for (const auto& arrival : arrivals_.all) {
        int flipped = 0;
        for (const std::byte b : arrival.packet.payload) {
            flipped += std::popcount(std::to_integer<unsigned>(b));
        }
        EXPECT_EQ(flipped, arrival.packet.corrupted ? 1 : 0);
        corrupted += arrival.packet.corrupted ? 1 : 0;
    }
    EXPECT_EQ(corrupted, pipe.counters().corrupted);
    EXPECT_NEAR(static_cast<double>(corrupted), 500, 80);
}

TEST_F(PipeTest, AnEmptyPayloadHasNoBitToFlip) {
    PipeOptions options;
    options.corrupt = 1;
    Pipe pipe = make(options);
    send(pipe, 1, 28);
    drain(scheduler_);
    EXPECT_FALSE(arrivals_.take_one().corrupted);
    EXPECT_EQ(pipe.counters().corrupted, 0U);
}

TEST_F(PipeTest, DoesTheSameForTheSameSeedOnly) {
    PipeOptions options;
    options.jitter = milliseconds(5);
    options.loss.good = 0.1;
    const auto run = [&](std::uint8_t seed) {
        Scheduler scheduler;
        Arrivals arrivals(scheduler);
        Pipe pipe(scheduler, seeded(seed), options, arrivals);
        send(pipe, 200);
        drain(scheduler);
        return arrivals.numbers();
    };
    EXPECT_EQ(run(1), run(1));
    EXPECT_NE(run(1), run(2));
}

}  // namespace
}  // namespace qe::sim
