// SPDX-License-Identifier: Apache-2.0
#include "quicether/multipath/bond_judge.h"

#include <gtest/gtest.h>

#include <array>
#include <span>

namespace qe::multipath {
namespace {

using base::milliseconds;
using base::seconds;

constexpr double kMegabit = 1e6 / 8;
constexpr PathIndex kFast = 2;
constexpr PathIndex kSlow = 5;

/// A fast and a slow path that have shown what they can, and bulk that gets other rates together.
class TwoPaths : public ::testing::Test {
  protected:
    /// So much is delivered for so long; `alone` instead while one path carries it.
    void run(base::Duration time, double together, double alone, bool bulk = true) {
        for (const base::Instant end = now + time; now < end; now = now + kStep) {
            const double rate = judge.alone() ? alone : together;
            delivered += rate / 10;
            const std::array<BondJudge::PathFigures, 2> figures = {
                {{.path = kFast,
                  .bytes_delivered = static_cast<std::uint64_t>(delivered),
                  .rate = fast_rate,
                  .rtt = milliseconds(10)},
                 {.path = kSlow, .rate = slow_rate, .rtt = milliseconds(60)}}};
            judge.observe(now, figures, bulk);
            time_alone += judge.alone() ? kStep : base::Duration(0);
        }
    }

    static constexpr base::Duration kStep = milliseconds(100);
    BondJudge judge;
    base::Instant now = base::Instant::from_nanoseconds(1'000'000'000);
    double delivered = 0;
    double fast_rate = 90 * kMegabit;
    double slow_rate = 9 * kMegabit;
    base::Duration time_alone{0};
};

TEST_F(TwoPaths, StayTogetherWhileThatIsAsGoodAsTheBest) {
    run(seconds(60), 90 * kMegabit, 90 * kMegabit);
    EXPECT_EQ(time_alone, base::Duration(0));
    EXPECT_FALSE(judge.alone());
}

TEST_F(TwoPaths, GiveWayToTheBestWhenTheyLose) {
    run(seconds(4), 40 * kMegabit, 88 * kMegabit);
    ASSERT_EQ(judge.alone(), kFast);
    EXPECT_NEAR(judge.rate_together() / kMegabit, 40, 1);
    EXPECT_EQ(judge.rate_alone(), 0);
    run(seconds(4), 40 * kMegabit, 88 * kMegabit);
    ASSERT_EQ(judge.alone(), kFast);
    EXPECT_NEAR(judge.rate_alone() / kMegabit, 88, 1);
}

TEST_F(TwoPaths, AreTriedAgainLessAndLessOften) {
    run(seconds(60), 40 * kMegabit, 88 * kMegabit);
    const base::Duration first = time_alone;
    EXPECT_GT(first, seconds(45));
    run(seconds(600), 40 * kMegabit, 88 * kMegabit);
    EXPECT_GT(time_alone - first, seconds(570));
    run(seconds(170), 95 * kMegabit, 88 * kMegabit);
    EXPECT_FALSE(judge.alone()) << "once together they carry more";
}

TEST_F(TwoPaths, AreTriedAgainForAMomentOnly) {
    run(seconds(10), 40 * kMegabit, 88 * kMegabit);
    ASSERT_TRUE(judge.alone());
    while (judge.alone()) {
        run(kStep, 40 * kMegabit, 88 * kMegabit);
    }
    run(milliseconds(1500), 40 * kMegabit, 88 * kMegabit);
    EXPECT_EQ(judge.alone(), kFast);
}

TEST_F(TwoPaths, StayTogetherWhenTheBestIsNoBetterByItself) {
    run(seconds(600), 80 * kMegabit, 75 * kMegabit);
    EXPECT_GT(time_alone, seconds(2)) << "what was seen promised more";
    EXPECT_LT(time_alone, seconds(20));
    EXPECT_FALSE(judge.alone());
}

TEST_F(TwoPaths, AreGivenUpForOneThatIsAsGood) {
    run(seconds(600), 80 * kMegabit, 79 * kMegabit);
    EXPECT_GT(time_alone, seconds(550));
}

TEST_F(TwoPaths, AreTriedAtOnceWhenTheyFallFarBelowWhatWasProven) {
    run(seconds(6), 80 * kMegabit, 75 * kMegabit);
    ASSERT_FALSE(judge.alone()) << "the trial was in vain";
    fast_rate = 0;
    run(seconds(4), 40 * kMegabit, 75 * kMegabit);
    EXPECT_TRUE(judge.alone());
}

TEST_F(TwoPaths, AreNotJudgedByTrafficThatIsNoBulk) {
    run(seconds(60), 5 * kMegabit, 80 * kMegabit, false);
    EXPECT_EQ(time_alone, base::Duration(0));
}

TEST_F(TwoPaths, AreNotGivenUpForWhatDoesNotFillTheBest) {
    // An application that sends 20 Mbit/s in bursts, by chance a little more on trial.
    run(seconds(60), 20 * kMegabit, 22 * kMegabit);
    EXPECT_LT(time_alone, seconds(10));
    EXPECT_FALSE(judge.alone());
}

TEST_F(TwoPaths, BeginAnewWhenOneIsGone) {
    run(seconds(10), 40 * kMegabit, 88 * kMegabit);
    ASSERT_TRUE(judge.alone());
    const BondJudge::PathFigures slow = {.path = kSlow, .rate = slow_rate, .rtt = milliseconds(60)};
    judge.observe(now, std::span(&slow, 1), true);
    EXPECT_FALSE(judge.alone());
}

TEST_F(TwoPaths, EndATrialWhenTheTrafficDoes) {
    run(seconds(4), 40 * kMegabit, 88 * kMegabit);
    ASSERT_TRUE(judge.alone());
    now = now + seconds(5);
    run(seconds(1), 40 * kMegabit, 88 * kMegabit);
    EXPECT_FALSE(judge.alone());
}

TEST_F(TwoPaths, PreferTheQuickerOfTwoAlike) {
    slow_rate = fast_rate * 1.05;
    run(seconds(4), 40 * kMegabit, 88 * kMegabit);
    EXPECT_EQ(judge.alone(), kFast);
    slow_rate = fast_rate * 1.5;
    run(seconds(50), 40 * kMegabit, 130 * kMegabit);
    EXPECT_EQ(judge.alone(), kSlow) << "from the next trial on";
}

}  // namespace
}  // namespace qe::multipath
