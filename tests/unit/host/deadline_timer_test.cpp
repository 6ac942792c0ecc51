// SPDX-License-Identifier: Apache-2.0
#include "host/deadline_timer.h"

#include <gtest/gtest.h>

#include <poll.h>

#include "host/clock.h"

namespace qe::host {
namespace {

constexpr base::Duration kHour = base::seconds(3600);

class DeadlineTimerTest : public ::testing::Test {
  protected:
    [[nodiscard]] bool readable(int wait_ms = 0) const {
        pollfd waiting{timer_.fd(), POLLIN, 0};
        return ::poll(&waiting, 1, wait_ms) == 1;
    }

    DeadlineTimer timer_ = std::move(*DeadlineTimer::make());
    base::Instant now_ = boottime_now();
};

TEST_F(DeadlineTimerTest, FiresAtItsDeadlineAndOnceArmedAgainIsQuiet) {
    EXPECT_FALSE(readable());
    timer_.arm(boottime_now() + base::milliseconds(1));
    ASSERT_TRUE(readable(5000));
    timer_.acknowledge();
    timer_.arm(now_ + kHour);
    EXPECT_FALSE(readable());
}

TEST_F(DeadlineTimerTest, FiresAtOnceForADeadlineInThePast) {
    timer_.arm(base::Instant{});
    EXPECT_TRUE(readable(5000));
}

TEST_F(DeadlineTimerTest, LeavesTheKernelAloneWhileTheDeadlineMovesOn) {
    for (int i = 0; i < 100; ++i) {
        timer_.arm(now_ + kHour + base::microseconds(i), now_);
    }
    timer_.arm(base::Instant::never(), now_);
    EXPECT_EQ(timer_.system_calls(), 1U + DeadlineTimer::kPostponementsMax);
    timer_.arm(now_ + kHour / 2, now_);
    EXPECT_EQ(timer_.system_calls(), 2U + DeadlineTimer::kPostponementsMax)
        << "an earlier one must be set";
}

TEST_F(DeadlineTimerTest, FollowsADeadlineThatMovesOnNowAndThenWithoutAnEarlyWake) {
    base::Instant now = now_;
    for (int round = 0; round < 100; ++round) {
        timer_.arm(now + base::milliseconds(12), now);         // sent, may be lost
        timer_.arm(now + kHour, now + base::milliseconds(1));  // acknowledged
        now = now + DeadlineTimer::kPostponementWindow;
    }
    EXPECT_EQ(timer_.system_calls(), 200U);
    EXPECT_FALSE(readable());
}

TEST_F(DeadlineTimerTest, IsSetAnewAfterAnEarlyFire) {
    for (unsigned i = 0; i <= DeadlineTimer::kPostponementsMax + 1; ++i) {
        timer_.arm(now_ + base::microseconds(i));
    }
    EXPECT_EQ(timer_.system_calls(), 1U + DeadlineTimer::kPostponementsMax);
    ASSERT_TRUE(readable(5000));
    timer_.acknowledge();
    timer_.arm(boottime_now() + base::milliseconds(1));
    EXPECT_EQ(timer_.system_calls(), 2U + DeadlineTimer::kPostponementsMax);
    EXPECT_TRUE(readable(5000));
}

TEST_F(DeadlineTimerTest, ReplacesADeadlineThatHasPassedWithoutWakingForIt) {
    timer_.arm(now_);
    ASSERT_TRUE(readable(5000));
    timer_.arm(now_ + kHour, now_ + base::microseconds(1));
    EXPECT_FALSE(readable());
    EXPECT_EQ(timer_.system_calls(), 2U);
}

TEST_F(DeadlineTimerTest, IsQuietWhenThereIsNothingToWaitForAnyMore) {
    timer_.arm(now_);
    ASSERT_TRUE(readable(5000));
    timer_.acknowledge();
    timer_.arm(base::Instant::never());
    EXPECT_FALSE(readable());
    timer_.arm(base::Instant::never());
    EXPECT_EQ(timer_.system_calls(), 2U);
}

TEST_F(DeadlineTimerTest, SetsTheSameDeadlineAgainAfterItFired) {
    timer_.arm(now_);
    ASSERT_TRUE(readable(5000));
    timer_.acknowledge();
    timer_.arm(now_);
    EXPECT_TRUE(readable(5000));
}

}  // namespace
}  // namespace qe::host
