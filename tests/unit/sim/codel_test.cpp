// SPDX-License-Identifier: Apache-2.0
#include "sim/codel.h"

#include <cstdint>
#include <vector>

#include <gtest/gtest.h>

#include "sim/pipe.h"
#include "underlay.h"

namespace qe::sim {
namespace {

using base::milliseconds;
using base::seconds;

constexpr std::size_t kBacklog = 100'000;

/// Milliseconds after the start at which packets that leave each millisecond are condemned.
std::vector<int> condemned_at(base::Duration sojourn, std::size_t backlog, int until_ms) {
    CoDelLaw law;
    const base::Instant start = base::Instant::from_nanoseconds(1'000'000'000);
    std::vector<int> found;
    for (int ms = 0; ms <= until_ms; ++ms) {
        if (law.condemns(start + milliseconds(ms), sojourn, backlog)) {
            found.push_back(ms);
        }
    }
    return found;
}

TEST(CoDelLaw, WaitsForAnIntervalAndThenComesFasterByTheRoot) {
    // 100, then + 100 / sqrt(1), + 100 / sqrt(2), + 100 / sqrt(3), ..., each to the next packet.
    EXPECT_EQ(condemned_at(milliseconds(20), kBacklog, 440),
              (std::vector<int>{100, 200, 271, 329, 379, 424}));
}

TEST(CoDelLaw, LeavesShortWaitsAndNearlyEmptyQueuesAlone) {
    EXPECT_TRUE(condemned_at(milliseconds(4), kBacklog, 1'000).empty());
    EXPECT_TRUE(condemned_at(milliseconds(20), 1'500, 1'000).empty());
}

TEST(CoDelLaw, BeginsAnewWhenOnePacketWasFast) {
    CoDelLaw law;
    const base::Instant start = base::Instant::from_nanoseconds(1'000'000'000);
    EXPECT_FALSE(law.condemns(start, milliseconds(20), kBacklog));
    EXPECT_FALSE(law.condemns(start + milliseconds(99), milliseconds(1), kBacklog));
    EXPECT_FALSE(law.condemns(start + milliseconds(100), milliseconds(20), kBacklog));
    EXPECT_FALSE(law.condemns(start + milliseconds(199), milliseconds(20), kBacklog));
    EXPECT_TRUE(law.condemns(start + milliseconds(200), milliseconds(20), kBacklog));
}

TEST(CoDelLaw, RemembersItsRateForAShortWhile) {
    CoDelLaw law;
    base::Instant now = base::Instant::from_nanoseconds(1'000'000'000);
    int drops = 0;
    for (int ms = 0; ms < 1'000; ++ms, now = now + milliseconds(1)) {
        drops += law.condemns(now, milliseconds(20), kBacklog) ? 1 : 0;
    }
    EXPECT_GT(drops, 10);
    EXPECT_FALSE(law.condemns(now, milliseconds(1), kBacklog));
    int again = 0;
    for (int ms = 0; ms < 200; ++ms, now = now + milliseconds(1)) {
        again += law.condemns(now, milliseconds(20), kBacklog) ? 1 : 0;
    }
    EXPECT_GE(again, 3) << "at its first rate it would be two";
}

struct Overload {
    PipeCounters counters;
    base::Duration last_delay{0};
    std::uint64_t marked_arrivals = 0;
};

/// 8 Mbit/s into which 10 Mbit/s are sent for ten seconds.
Overload overload(QueueKind queue, net::Ecn ecn) {
    Scheduler scheduler;
    Arrivals arrivals(scheduler);
    PipeOptions options;
    options.rate_bps = 8'000'000;
    options.queue = queue;
    options.queue_bytes = 4'000'000;
    Pipe pipe(scheduler, seeded(1), options, arrivals);
    std::vector<base::Instant> sent;
    for (std::uint64_t i = 0; i < 12'500; ++i) {
        Packet packet = packet_of(1'000, i);
        packet.ecn = ecn;
        sent.push_back(scheduler.now());
        pipe.receive(std::move(packet));
        scheduler.run_until(scheduler.now() + base::microseconds(800));
    }
    drain(scheduler);
    Overload result{pipe.counters(), {}, 0};
    const auto& last = arrivals.all.back();
    result.last_delay = last.at - sent[last.packet.number];
    for (const auto& arrival : arrivals.all) {
        result.marked_arrivals += arrival.packet.ecn == net::Ecn::Ce ? 1 : 0;
    }
    return result;
}

TEST(CoDelPipe, DropsWhatIsNotEcnCapableUntilTheQueueIsShort) {
    const Overload codel = overload(QueueKind::CoDel, net::Ecn::NotEct);
    const Overload drop_tail = overload(QueueKind::DropTail, net::Ecn::NotEct);
    EXPECT_GT(codel.counters.lost_queue, 0U);
    EXPECT_EQ(codel.counters.marked, 0U);
    EXPECT_EQ(codel.marked_arrivals, 0U);
    EXPECT_EQ(drop_tail.counters.lost_queue, 0U);
    EXPECT_EQ(drop_tail.last_delay, milliseconds(2'500) + base::microseconds(800));
    EXPECT_LT(codel.last_delay, drop_tail.last_delay / 2);
}

TEST(CoDelPipe, MarksWhatIsEcnCapable) {
    for (const net::Ecn ecn : {net::Ecn::Ect0, net::Ecn::Ect1}) {
        const Overload codel = overload(QueueKind::CoDel, ecn);
        EXPECT_EQ(codel.counters.lost_queue, 0U);
        EXPECT_GT(codel.counters.marked, 10U);
        EXPECT_EQ(codel.marked_arrivals, codel.counters.marked);
    }
}

}  // namespace
}  // namespace qe::sim
