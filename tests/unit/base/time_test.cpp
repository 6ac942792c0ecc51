// SPDX-License-Identifier: Apache-2.0
#include "quicether/base/time.h"

#include <gtest/gtest.h>

namespace qe::base {
namespace {

constexpr Instant at(std::uint64_t ns) { return Instant::from_nanoseconds(ns); }

TEST(Instant, AddsAndSubtracts) {
    EXPECT_EQ(at(5) + Duration(3), at(8));
    EXPECT_EQ(at(5) - Duration(3), at(2));
    EXPECT_EQ(at(5) - at(3), Duration(2));
    EXPECT_EQ(Instant() + seconds(1), at(1'000'000'000));
}

TEST(Instant, SaturatesAtBothEnds) {
    EXPECT_TRUE((Instant::never() + Duration(1)).is_never());
    EXPECT_TRUE((at(UINT64_MAX - 1) + Duration(1)).is_never());
    EXPECT_TRUE((at(UINT64_MAX - 1) + Duration::max()).is_never());
    EXPECT_EQ(at(3) - Duration(5), Instant());
    EXPECT_EQ(at(3) - Duration::max(), Instant());
    EXPECT_EQ(at(3) - at(5), Duration(0));
}

TEST(Instant, TakesANegativeDurationAsNone) {
    EXPECT_EQ(at(5) + Duration(-3), at(5));
    EXPECT_EQ(at(5) - Duration(-3), at(5));
    EXPECT_EQ(at(5) + Duration::min(), at(5));
}

TEST(Instant, TheTimeUntilNeverIsTheLongestDurationAndNotNegative) {
    EXPECT_EQ(Instant::never() - Instant(), Duration::max());
    EXPECT_EQ(Instant::never() - at(1'000'000'000), Duration::max());
    EXPECT_EQ(at(INT64_MAX) - Instant(), Duration::max());
    EXPECT_EQ(at(std::uint64_t{INT64_MAX} + 1) - at(1), Duration::max());
    EXPECT_EQ(at(INT64_MAX) - at(1), Duration(INT64_MAX - 1));
}

TEST(Instant, NeverComesLast) {
    EXPECT_LT(at(UINT64_MAX - 1), Instant::never());
    EXPECT_FALSE(Instant().is_never());
}

TEST(UnixTime, OrdersAcrossTheEpoch) {
    EXPECT_LT(UnixTime{-1}, UnixTime{});
    EXPECT_EQ(UnixTime{7}, UnixTime{7});
}

}  // namespace
}  // namespace qe::base
