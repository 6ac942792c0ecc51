// SPDX-License-Identifier: Apache-2.0
#include "node/traffic/codel.h"

#include <vector>

#include <gtest/gtest.h>

namespace qe::node {
namespace {

using base::Instant;
using base::milliseconds;

constexpr std::size_t kBacklog = 100'000;

Instant at(std::uint64_t ms) { return Instant::from_nanoseconds(ms * 1'000'000); }

/// The milliseconds of [from, to) in which it signals when one packet leaves in each.
std::vector<unsigned> signals(Codel& codel, unsigned from, unsigned to,
                              base::Duration sojourn = milliseconds(20)) {
    std::vector<unsigned> found;
    for (unsigned ms = from; ms < to; ++ms) {
        while (codel.wants_signal({}, at(ms), sojourn, kBacklog)) {
            found.push_back(ms);
        }
    }
    return found;
}

TEST(Codel, IsSilentWhileTheWaitIsBelowTarget) {
    Codel codel;
    EXPECT_TRUE(signals(codel, 0, 2000, milliseconds(5) - base::Duration(1)).empty());
}

TEST(Codel, SignalsAfterAnIntervalAndThenByTheInverseSquareRoot) {
    Codel codel;
    // 100 + 100/√1 + 100/√2 + 100/√3 + …, rounded up to the packet that leaves next.
    EXPECT_EQ(signals(codel, 0, 430), (std::vector<unsigned>{100, 200, 271, 329, 379, 424}));
}

TEST(Codel, BeginsANewIntervalAfterOneShortWait) {
    Codel codel;
    EXPECT_TRUE(signals(codel, 0, 99).empty());
    EXPECT_FALSE(codel.wants_signal({}, at(99), milliseconds(1), kBacklog));
    EXPECT_EQ(signals(codel, 100, 201), std::vector<unsigned>{200});
}

TEST(Codel, StopsWhenTheWaitIsShortAgain) {
    Codel codel;
    EXPECT_FALSE(signals(codel, 0, 300).empty());
    EXPECT_TRUE(signals(codel, 300, 1000, milliseconds(1)).empty());
}

TEST(Codel, TakesUpItsRateSoonAfterButNotLongAfter) {
    for (const bool is_soon : {true, false}) {
        Codel codel;
        EXPECT_EQ(signals(codel, 0, 430).size(), 6U);
        const unsigned again = is_soon ? 500 : 3000;
        EXPECT_TRUE(signals(codel, 430, again, milliseconds(1)).empty());
        const auto found = signals(codel, again, again + 161);
        // Five more signals than at its beginning: 100/√5 = 45 ms to the next one, or else 100.
        const auto expected = is_soon ? std::vector<unsigned>{again + 100, again + 145}
                                      : std::vector<unsigned>{again + 100};
        EXPECT_EQ(found, expected);
    }
}

TEST(Codel, SparesAQueueOfOnePacket) {
    Codel codel;
    for (unsigned ms = 0; ms < 1000; ++ms) {
        EXPECT_FALSE(codel.wants_signal({}, at(ms), milliseconds(500), Codel::kMaxPacketBytes));
    }
}

TEST(Codel, ForgetsTheSeriesWhenTheQueueRunsEmpty) {
    Codel codel;
    EXPECT_FALSE(signals(codel, 0, 195).empty());
    codel.on_empty();
    EXPECT_EQ(signals(codel, 195, 296), std::vector<unsigned>{295});
}

}  // namespace
}  // namespace qe::node
