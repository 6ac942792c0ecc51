// SPDX-License-Identifier: Apache-2.0
#include "quicether/multipath/sequence.h"

#include <gtest/gtest.h>

namespace qe::multipath {
namespace {

TEST(Sequence, CountsInACircleOf29Bits) {
    const Sequence last(Sequence::kMask);
    EXPECT_EQ(last.next(), Sequence(0));
    EXPECT_EQ(last.next(5), Sequence(4));
    EXPECT_EQ(Sequence(Sequence::kMask + 1), Sequence(0));
}

TEST(Sequence, MeasuresTheShorterWayAround) {
    const std::int32_t half = 1 << 28;
    for (const std::uint32_t from : {0U, 1U, 77U, Sequence::kMask / 2, Sequence::kMask}) {
        for (const std::int32_t steps : {0, 1, 2, 16'384, half - 1, -1, -2, -16'384, -half}) {
            const Sequence to(from + static_cast<std::uint32_t>(steps));
            EXPECT_EQ(to.distance_from(Sequence(from)), steps) << from;
        }
    }
}

TEST(Sequence, SharesItsFieldWithTheLane) {
    EXPECT_EQ(encode({0, Sequence(0)}), 0U);
    EXPECT_EQ(encode({7, Sequence(Sequence::kMask)}), 0xffff'ffffU);
    EXPECT_EQ(encode({1, Sequence(2)}), 0x2000'0002U);
    for (Lane lane = 0; lane < kLanesMax; ++lane) {
        for (const std::uint32_t value :
             {0U, 1U, 0x1234'5678U & Sequence::kMask, Sequence::kMask}) {
            const LaneSequence both = {lane, Sequence(value)};
            EXPECT_EQ(decode_lane_sequence(encode(both)), both);
        }
    }
}

}  // namespace
}  // namespace qe::multipath
