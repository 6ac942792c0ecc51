// SPDX-License-Identifier: Apache-2.0
#include "quicether/multipath/resequencer.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace qe::multipath {
namespace {

using base::Instant;
using base::milliseconds;

constexpr std::uint32_t kWindow = Resequencer::kWindow;
constexpr std::size_t kPlenty = 1U << 20;

constexpr Instant at(std::uint64_t ms) { return Instant::from_nanoseconds(ms * 1'000'000); }

/// What the host gets: datagrams, each followed by a space.
class Lane {
  public:
    explicit Lane(bool ordered = true, std::size_t bytes_max = kPlenty)
        : lane(ordered, bytes_max) {}

    std::string feed(std::uint32_t sequence, std::string_view text, Instant now = at(0)) {
        std::string got;
        if (lane.arrive(now, Sequence(sequence), base::as_bytes(text)) == Arrival::Deliver) {
            got = std::string(text) + " ";
        }
        return got + drain(now);
    }
    /// As its text the number itself.
    std::string feed(std::uint32_t sequence, Instant now = at(0)) {
        return feed(sequence, std::to_string(sequence), now);
    }
    std::string drain(Instant now) {
        std::string got;
        while (const auto bytes = lane.pop(now)) {
            got += std::string(base::as_text(*bytes)) + " ";
        }
        return got;
    }

    Resequencer lane;
};

TEST(Resequencer, DeliversWhatComesInOrderWithoutKeepingIt) {
    Lane lane;
    for (std::uint32_t i = 1007; i < 2000; ++i) {
        EXPECT_EQ(lane.lane.arrive(at(0), Sequence(i), base::as_bytes("x")), Arrival::Deliver);
        EXPECT_EQ(lane.lane.bytes_held(), 0U);
    }
    EXPECT_EQ(lane.lane.counters().in_order, 993U);
    EXPECT_TRUE(lane.lane.next_deadline().is_never());
}

TEST(Resequencer, BeginsWithTheFirstNumberThoughALaterOneComesFirst) {
    Lane lane;
    EXPECT_EQ(lane.feed(2), "");
    EXPECT_EQ(lane.feed(0), "0 ");
    EXPECT_EQ(lane.feed(1), "1 2 ");
    Lane later;
    EXPECT_EQ(later.feed(Resequencer::kOpening), "256 ");
}

TEST(Resequencer, HoldsWhatIsEarlyUntilItsTurn) {
    Lane lane;
    EXPECT_EQ(lane.feed(0), "0 ");
    EXPECT_EQ(lane.feed(3), "");
    EXPECT_EQ(lane.feed(2), "");
    EXPECT_EQ(lane.feed(5), "");
    EXPECT_EQ(lane.lane.bytes_held(), 3U);
    EXPECT_EQ(lane.feed(1), "1 2 3 ");
    EXPECT_EQ(lane.feed(4), "4 5 ");
    EXPECT_EQ(lane.lane.bytes_held(), 0U);
    EXPECT_EQ(lane.lane.counters().in_order, 3U);
    EXPECT_EQ(lane.lane.counters().waited, 3U);
}

TEST(Resequencer, GivesUpAGapWhenPatienceEnds) {
    Lane lane;
    lane.lane.set_patience(milliseconds(30));
    lane.feed(0);
    EXPECT_EQ(lane.feed(3, at(10)), "");
    EXPECT_EQ(lane.feed(2, at(20)), "");  // The gap has been waited for since 3 came.
    EXPECT_EQ(lane.lane.next_deadline(), at(40));
    EXPECT_EQ(lane.drain(at(39)), "");
    EXPECT_EQ(lane.drain(at(40)), "2 3 ");
    EXPECT_TRUE(lane.lane.next_deadline().is_never());
    EXPECT_EQ(lane.lane.counters().gaps, 1U);
}

TEST(Resequencer, NothingWaitsLongerThanPatienceBehindSeveralGaps) {
    Lane lane;
    lane.lane.set_patience(milliseconds(30));
    lane.feed(0);
    lane.feed(6, at(10));
    lane.feed(3, at(20));
    lane.feed(9, at(35));
    EXPECT_EQ(lane.drain(at(40)), "3 6 ");
    EXPECT_EQ(lane.lane.counters().gaps, 4U);
    EXPECT_EQ(lane.lane.next_deadline(), at(65));
    EXPECT_EQ(lane.feed(8, at(64)), "");
    EXPECT_EQ(lane.drain(at(65)), "8 9 ");
}

TEST(Resequencer, AnArrivalAfterTheDeadlineFreesTheLaneToo) {
    Lane lane;
    lane.feed(0);
    lane.feed(2, at(10));
    EXPECT_EQ(lane.feed(4, at(60)), "2 ");
    EXPECT_EQ(lane.lane.next_deadline(), at(110));
}

TEST(Resequencer, DeliversLateOnesOnce) {
    Lane lane;
    lane.feed(0);
    lane.feed(3);
    EXPECT_EQ(lane.drain(at(50)), "3 ");
    EXPECT_EQ(lane.feed(2, at(60)), "2 ");
    EXPECT_EQ(lane.feed(2, at(61)), "");
    EXPECT_EQ(lane.feed(1, at(62)), "1 ");
    EXPECT_EQ(lane.lane.counters().late, 2U);
    EXPECT_EQ(lane.lane.counters().duplicates, 1U);
    EXPECT_EQ(lane.feed(4, at(63)), "4 ");
}

TEST(Resequencer, DropsCopiesOfTheDeliveredAndOfTheWaiting) {
    Lane lane;
    lane.feed(0);
    lane.feed(2);
    EXPECT_EQ(lane.lane.arrive(at(1), Sequence(0), {}), Arrival::Drop);
    EXPECT_EQ(lane.lane.arrive(at(1), Sequence(2), {}), Arrival::Drop);
    EXPECT_EQ(lane.feed(1), "1 2 ");
    EXPECT_EQ(lane.feed(1), "");
    EXPECT_EQ(lane.feed(2), "");
    EXPECT_EQ(lane.lane.counters().duplicates, 4U);
}

TEST(Resequencer, GivesUpTheOldestGapWhenMemoryRunsOut) {
    Lane lane(true, 10);
    lane.feed(0, "a");
    EXPECT_EQ(lane.feed(2, "bbbb"), "");
    EXPECT_EQ(lane.feed(4, "cccc"), "");
    EXPECT_EQ(lane.feed(6, "dddd"), "bbbb ");
    EXPECT_EQ(lane.lane.bytes_held(), 8U);
    EXPECT_EQ(lane.lane.counters().gaps, 1U);
    EXPECT_EQ(lane.feed(8, "eeeeeeeeeeeeeeee"), "cccc dddd eeeeeeeeeeeeeeee ");
    EXPECT_EQ(lane.lane.bytes_held(), 0U);
}

TEST(Resequencer, WaitsForNoGapOfMoreThanAWindow) {
    Lane lane;
    lane.feed(0);
    EXPECT_EQ(lane.feed(2), "");
    EXPECT_EQ(lane.feed(kWindow), "");
    EXPECT_EQ(lane.feed(kWindow + 1), "2 ");
    EXPECT_EQ(lane.lane.counters().restarts, 0U);
    EXPECT_EQ(lane.drain(at(50)), "16384 16385 ");
    EXPECT_EQ(lane.lane.counters().gaps, kWindow - 2);
}

TEST(Resequencer, CountsOnWhenTheNumbersWrap) {
    Lane lane;
    EXPECT_EQ(lane.feed(Sequence::kMask - 1, "a"), "a ");
    EXPECT_EQ(lane.feed(1, "d"), "");
    EXPECT_EQ(lane.feed(0, "c"), "");
    EXPECT_EQ(lane.feed(Sequence::kMask, "b"), "b c d ");
    EXPECT_EQ(lane.feed(Sequence::kMask, "b"), "");
    EXPECT_EQ(lane.feed(2, "e"), "e ");
    EXPECT_EQ(lane.feed(Sequence::kMask - 2, "Z"), "Z ");
}

TEST(Resequencer, BeginsAnewAfterAJumpAhead) {
    Lane lane;
    lane.feed(0);
    lane.feed(2);
    EXPECT_EQ(lane.feed(3 + kWindow), "16387 ");
    EXPECT_EQ(lane.lane.counters().restarts, 1U);
    EXPECT_EQ(lane.lane.counters().discarded, 1U);
    EXPECT_EQ(lane.lane.bytes_held(), 0U);
    EXPECT_TRUE(lane.lane.next_deadline().is_never());
    EXPECT_EQ(lane.feed(4 + kWindow), "16388 ");
}

TEST(Resequencer, AStragglerDoesNotTurnTheLaneBack) {
    Lane lane;
    lane.feed(5);
    lane.feed(100'000, at(1));
    EXPECT_EQ(lane.feed(6, at(2)), "");
    EXPECT_EQ(lane.feed(7, at(250)), "");
    EXPECT_EQ(lane.lane.counters().stale, 2U);
    EXPECT_EQ(lane.feed(100'001, at(250)), "100001 ");
}

TEST(Resequencer, BeginsAnewFarBehindWhenNothingNearerComes) {
    Lane lane;
    lane.feed(100'000, at(0));
    EXPECT_EQ(lane.feed(0, at(249)), "");
    EXPECT_EQ(lane.feed(0, at(250)), "0 ");
    EXPECT_EQ(lane.feed(1, at(251)), "1 ");
    EXPECT_EQ(lane.lane.counters().restarts, 1U);
}

TEST(Resequencer, TellsCopiesApartForAWholeWindow) {
    for (const bool ordered : {true, false}) {
        Lane lane(ordered);
        for (std::uint32_t i = 0; i < kWindow; ++i) {
            ASSERT_NE(lane.feed(i), "");
        }
        EXPECT_EQ(lane.feed(0), "");
        EXPECT_EQ(lane.lane.counters().duplicates, 1U);
        lane.feed(kWindow);
        EXPECT_EQ(lane.feed(0), "");
        EXPECT_EQ(lane.lane.counters().stale, 1U);
        EXPECT_EQ(lane.feed(1), "");
        EXPECT_EQ(lane.lane.counters().duplicates, 2U);
    }
}

TEST(Resequencer, ALooseLaneDeliversAtOnceAndOnce) {
    Lane lane(false);
    EXPECT_EQ(lane.feed(10), "10 ");
    EXPECT_EQ(lane.feed(14), "14 ");
    EXPECT_EQ(lane.feed(12), "12 ");
    EXPECT_EQ(lane.feed(12), "");
    EXPECT_EQ(lane.feed(14), "");
    EXPECT_EQ(lane.feed(9), "9 ");
    EXPECT_EQ(lane.feed(15), "15 ");
    EXPECT_EQ(lane.lane.counters().in_order, 3U);
    EXPECT_EQ(lane.lane.counters().late, 2U);
    EXPECT_EQ(lane.lane.counters().duplicates, 2U);
    EXPECT_EQ(lane.lane.bytes_held(), 0U);
    EXPECT_TRUE(lane.lane.next_deadline().is_never());
}

TEST(Resequencer, HoldsEmptyDatagramsToo) {
    Lane lane;
    lane.feed(0);
    EXPECT_EQ(lane.feed(2, ""), "");
    EXPECT_EQ(lane.feed(1, ""), "  ");
}

}  // namespace
}  // namespace qe::multipath
