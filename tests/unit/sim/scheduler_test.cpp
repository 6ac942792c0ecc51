// SPDX-License-Identifier: Apache-2.0
#include "sim/scheduler.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "underlay.h"

namespace qe::sim {
namespace {

using base::milliseconds;

TEST(Scheduler, RunsInOrderOfTime) {
    Scheduler scheduler;
    std::string order;
    scheduler.after(milliseconds(3), [&] { order += 'c'; });
    scheduler.after(milliseconds(1), [&] { order += 'a'; });
    scheduler.after(milliseconds(2), [&] { order += 'b'; });
    scheduler.run_until(scheduler.now() + milliseconds(10));
    EXPECT_EQ(order, "abc");
    EXPECT_EQ(scheduler.events_run(), 3U);
}

TEST(Scheduler, RunsWhatIsDueAtOneTimeInTheOrderOfScheduling) {
    Scheduler scheduler;
    std::vector<int> order;
    const base::Instant when = scheduler.now() + milliseconds(5);
    for (int i = 0; i < 100; ++i) {
        scheduler.at(when, [&order, i] { order.push_back(i); });
    }
    scheduler.run_until(when);
    ASSERT_EQ(order.size(), 100U);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Scheduler, RunsWhatIsScheduledForThePastNowAfterWhatIsDue) {
    Scheduler scheduler;
    scheduler.run_until(scheduler.now() + milliseconds(10));
    const base::Instant start = scheduler.now();
    std::string order;
    scheduler.at(start, [&] { order += 'a'; });
    scheduler.at(start - milliseconds(5), [&] { order += 'b'; });
    EXPECT_TRUE(scheduler.step(start));
    EXPECT_TRUE(scheduler.step(start));
    EXPECT_EQ(order, "ab");
    EXPECT_EQ(scheduler.now(), start);
}

TEST(Scheduler, LeavesTheClockAtTheLimit) {
    Scheduler scheduler;
    const base::Instant start = scheduler.now();
    bool ran = false;
    scheduler.after(milliseconds(10), [&] { ran = true; });
    EXPECT_FALSE(scheduler.step(start + milliseconds(9)));
    EXPECT_EQ(scheduler.now(), start + milliseconds(9));
    EXPECT_FALSE(ran);
    EXPECT_FALSE(scheduler.step(start)) << "and never runs it back";
    EXPECT_EQ(scheduler.now(), start + milliseconds(9));
    EXPECT_TRUE(scheduler.step(start + milliseconds(10)));
    EXPECT_TRUE(ran);
}

TEST(Scheduler, StandsStillWhileAnEventRunsAndTakesNewOnes) {
    Scheduler scheduler;
    const base::Instant start = scheduler.now();
    std::vector<base::Instant> seen;
    scheduler.after(milliseconds(1), [&] {
        seen.push_back(scheduler.now());
        scheduler.after(base::Duration(0), [&] { seen.push_back(scheduler.now()); });
        scheduler.after(milliseconds(1), [&] { seen.push_back(scheduler.now()); });
    });
    scheduler.run_until(start + milliseconds(5));
    const std::vector<base::Instant> expected = {start + milliseconds(1), start + milliseconds(1),
                                                 start + milliseconds(2)};
    EXPECT_EQ(seen, expected);
}

TEST(Scheduler, FreesAnActionOnceItRan) {
    Scheduler scheduler;
    auto held = std::make_shared<int>(1);
    scheduler.after(milliseconds(1), [held] { *held = 2; });
    EXPECT_EQ(held.use_count(), 2);
    EXPECT_EQ(scheduler.events_waiting(), 1U);
    scheduler.run_until(scheduler.now() + milliseconds(1));
    EXPECT_EQ(*held, 2);
    EXPECT_EQ(held.use_count(), 1);
    EXPECT_EQ(scheduler.events_waiting(), 0U);
}

TEST(Scheduler, AgreesWithAStableSort) {
    Scheduler scheduler;
    base::Rng rng = seeded(1);
    std::vector<std::pair<std::uint64_t, int>> expected;
    std::vector<std::pair<std::uint64_t, int>> seen;
    const base::Instant start = scheduler.now();
    int number = 0;
    const auto schedule = [&](int count) {
        for (int i = 0; i < count; ++i, ++number) {
            const auto when = scheduler.now() + base::Duration(1 + rng.below(50));
            expected.emplace_back(when.nanoseconds(), number);
            scheduler.at(when,
                         [&, n = number] { seen.emplace_back(scheduler.now().nanoseconds(), n); });
        }
    };
    for (int round = 0; round < 100; ++round) {
        schedule(20);
        scheduler.run_until(start + base::Duration(round * 10));
    }
    drain(scheduler);
    std::stable_sort(expected.begin(), expected.end());
    EXPECT_EQ(seen, expected);
}

}  // namespace
}  // namespace qe::sim
