// SPDX-License-Identifier: Apache-2.0
#include "quicether/multipath/flow_placer.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace qe::multipath {
namespace {

using base::milliseconds;
using base::seconds;

constexpr base::Instant kBegin = base::Instant::from_nanoseconds(1'000'000'000);
constexpr double kMegabit = 1e6 / 8;

std::vector<GroupIndex> groups_of(std::vector<base::Duration> round_trips, std::size_t expected) {
    std::vector<GroupIndex> groups(round_trips.size());
    EXPECT_EQ(make_groups(round_trips, groups), expected);
    return groups;
}

TEST(Groups, AreMadeOfPathsWithMuchTheSameRoundTrip) {
    EXPECT_EQ(groups_of({milliseconds(10), milliseconds(15), milliseconds(30)}, 1),
              (std::vector<GroupIndex>{0, 0, 0}));
    EXPECT_EQ(
        groups_of({milliseconds(600), milliseconds(10), milliseconds(15), milliseconds(30)}, 2),
        (std::vector<GroupIndex>{1, 0, 0, 0}));
    EXPECT_EQ(groups_of({milliseconds(600), milliseconds(10), milliseconds(200)}, 3),
              (std::vector<GroupIndex>{2, 0, 1}));
    EXPECT_EQ(groups_of({milliseconds(600)}, 1), (std::vector<GroupIndex>{0}));
    EXPECT_EQ(groups_of({}, 0), (std::vector<GroupIndex>{}));
}

TEST(Groups, AreSpreadNoFurtherThanOneMayBe) {
    // Each is near its neighbour, but the last is far from the first.
    EXPECT_EQ(groups_of({milliseconds(10), milliseconds(90), milliseconds(170)}, 2),
              (std::vector<GroupIndex>{0, 0, 1}));
    EXPECT_EQ(groups_of({milliseconds(10), milliseconds(10) + kGroupSpread}, 1),
              (std::vector<GroupIndex>{0, 0}));
}

TEST(Groups, AreNoMoreThanThereMayBe) {
    EXPECT_EQ(groups_of({seconds(4), seconds(3), seconds(2), seconds(1)}, kGroupsMax),
              (std::vector<GroupIndex>{2, 2, 1, 0}));
}

class Flows : public ::testing::Test {
  protected:
    void set(double near_rate, base::Duration near_rtt, double far_rate, base::Duration far_rtt,
             std::size_t near_paths = 1) {
        const std::array<GroupFigures, 2> figures = {
            {{.rate = near_rate, .paths = near_paths, .rtt = near_rtt},
             {.rate = far_rate, .paths = far_rate < 0 ? 0U : 1U, .rtt = far_rtt}}};
        placer.set_groups(now, figures);
    }
    /// All of so many flows have a backlog for so long.
    void run(std::uint32_t flows, base::Duration time) {
        const base::Instant end = now + time;
        for (; now < end; now = now + milliseconds(100)) {
            for (std::uint32_t flow = 0; flow < flows; ++flow) {
                placer.handle_bulk(now, flow);
            }
        }
    }

    FlowPlacer placer;
    base::Instant now = kBegin;
};

TEST_F(Flows, BeginInTheQuickestGroup) {
    set(100 * kMegabit, milliseconds(10), 100 * kMegabit, milliseconds(600));
    for (std::uint32_t flow = 0; flow < FlowPlacer::kFlows; ++flow) {
        EXPECT_EQ(placer.group_of(flow), 0);
    }
    EXPECT_EQ(placer.flows(0), 0U);
}

TEST_F(Flows, OneStaysWhereItsWindowCarriesMore) {
    set(100 * kMegabit, milliseconds(10), 100 * kMegabit, milliseconds(600));
    run(1, seconds(30));
    EXPECT_EQ(placer.group_of(0), 0);
    EXPECT_EQ(placer.flows(0), 1U);
}

TEST_F(Flows, OneMovesToAGroupThatCarriesMuchMore) {
    set(10 * kMegabit, milliseconds(10), 100 * kMegabit, milliseconds(300));
    run(1, seconds(1));
    EXPECT_EQ(placer.group_of(0), 1);
    EXPECT_EQ(placer.flows(0), 0U);
    EXPECT_EQ(placer.flows(1), 1U);
}

TEST_F(Flows, AreSharedOutByRates) {
    set(125 * kMegabit, milliseconds(30), 100 * kMegabit, milliseconds(600), 3);
    run(16, seconds(1));
    EXPECT_EQ(placer.flows(0) + placer.flows(1), 16U);
    EXPECT_GE(placer.flows(1), 5U);
    EXPECT_LE(placer.flows(1), 8U);
}

TEST_F(Flows, AreSharedOutByPathsWhileRatesAreUnknown) {
    set(0, milliseconds(30), 0, milliseconds(600), 3);
    run(16, seconds(1));
    EXPECT_EQ(placer.flows(1), 3U);
}

TEST_F(Flows, DoNotMoveToAndFro) {
    set(125 * kMegabit, milliseconds(30), 100 * kMegabit, milliseconds(600), 3);
    run(16, seconds(1));
    // Rates are measured, and never exact.
    const auto run_with_noise = [this] {
        for (int i = 0; i < 60; ++i) {
            set((i % 2 == 0 ? 118 : 130) * kMegabit, milliseconds(30),
                (i % 3 == 0 ? 95 : 104) * kMegabit, milliseconds(600), 3);
            run(16, milliseconds(500));
        }
    };
    const auto places = [this] {
        std::vector<GroupIndex> all;
        for (std::uint32_t flow = 0; flow < 16; ++flow) {
            all.push_back(placer.group_of(flow));
        }
        return all;
    };
    run_with_noise();
    const std::vector<GroupIndex> before = places();
    run_with_noise();
    EXPECT_EQ(places(), before);
}

TEST_F(Flows, ComeBackWhenTheOthersAreGone) {
    set(125 * kMegabit, milliseconds(30), 100 * kMegabit, milliseconds(600), 3);
    run(16, seconds(1));
    std::uint32_t far = 0;
    while (placer.group_of(far) != 1) {
        ++far;
    }
    for (int i = 0; i < 300; ++i, now = now + milliseconds(100)) {
        placer.handle_bulk(now, far);
        set(125 * kMegabit, milliseconds(30), 100 * kMegabit, milliseconds(600), 3);
    }
    EXPECT_EQ(placer.group_of(far), 0);
    EXPECT_EQ(placer.flows(0), 1U);
    EXPECT_EQ(placer.flows(1), 0U);
}

TEST_F(Flows, AreInTheFirstGroupWhenTheirsIsGone) {
    set(10 * kMegabit, milliseconds(10), 100 * kMegabit, milliseconds(300));
    run(1, seconds(1));
    ASSERT_EQ(placer.group_of(0), 1);
    set(10 * kMegabit, milliseconds(10), -1, milliseconds(300));
    EXPECT_EQ(placer.group_of(0), 0);
    EXPECT_EQ(placer.flows(0), 1U);
}

TEST_F(Flows, BeginAnewAfterARest) {
    set(10 * kMegabit, milliseconds(10), 100 * kMegabit, milliseconds(300));
    run(1, seconds(1));
    ASSERT_EQ(placer.group_of(0), 1);
    now = now + FlowPlacer::kForgetAfter;
    set(10 * kMegabit, milliseconds(10), 100 * kMegabit, milliseconds(300));
    EXPECT_EQ(placer.group_of(0), 0);
    EXPECT_EQ(placer.flows(1), 0U);
}

TEST_F(Flows, StayWhereTheyMovedWhileTheyAreBusyThoughNothingWaits) {
    const auto time_goes = [this](std::size_t bytes_per_second) {
        const base::Instant end = now + 3 * FlowPlacer::kForgetAfter;
        for (; now < end; now = now + milliseconds(100)) {
            placer.handle_sent(now, 0, bytes_per_second / 10);
            set(10 * kMegabit, milliseconds(10), 100 * kMegabit, milliseconds(300));
        }
    };
    set(10 * kMegabit, milliseconds(10), 100 * kMegabit, milliseconds(300));
    run(1, seconds(1));
    ASSERT_EQ(placer.group_of(0), 1);
    time_goes(2 * FlowPlacer::kBusyBytes);
    EXPECT_EQ(placer.group_of(0), 1);
    EXPECT_EQ(placer.flows(1), 1U);
    time_goes(FlowPlacer::kBusyBytes / 2);
    EXPECT_EQ(placer.group_of(0), 0);
}

}  // namespace
}  // namespace qe::multipath
