// SPDX-License-Identifier: Apache-2.0
#include "app/units.h"

#include <limits>

#include <gtest/gtest.h>

namespace qe::app {
namespace {

TEST(RttText, HasAsManyDigitsAsMatter) {
    EXPECT_EQ(rtt_text(std::nullopt), "-");
    EXPECT_EQ(rtt_text(0), "0.00ms");
    EXPECT_EQ(rtt_text(412), "0.41ms");
    EXPECT_EQ(rtt_text(4'120), "4.1ms");
    EXPECT_EQ(rtt_text(15'234), "15ms");
    EXPECT_EQ(rtt_text(120'000), "120ms");
    EXPECT_EQ(rtt_text(2'500'000), "2500ms");
}

TEST(PreciseRttText, ShowsMicrosecondsWhileTheyMatter) {
    EXPECT_EQ(precise_rtt_text(7), "0.007ms");
    EXPECT_EQ(precise_rtt_text(412), "0.412ms");
    EXPECT_EQ(precise_rtt_text(9'999), "9.999ms");
    EXPECT_EQ(precise_rtt_text(15'234), "15.2ms");
}

TEST(SpanText, NamesTheTwoLargestUnits) {
    constexpr std::uint64_t kSecond = 1'000'000;
    EXPECT_EQ(span_text(0), "0s");
    EXPECT_EQ(span_text(999'999), "0s");
    EXPECT_EQ(span_text(42 * kSecond), "42s");
    EXPECT_EQ(span_text(60 * kSecond), "1m 0s");
    EXPECT_EQ(span_text(3'661 * kSecond), "1h 1m");
    EXPECT_EQ(span_text(93'784 * kSecond), "1d 2h");
    EXPECT_EQ(span_text(std::numeric_limits<std::uint64_t>::max()), "213503982d 8h");
}

TEST(CountText, ShortensLargeNumbers) {
    EXPECT_EQ(count_text(0), "0");
    EXPECT_EQ(count_text(9'999), "9999");
    EXPECT_EQ(count_text(10'000), "10K");
    EXPECT_EQ(count_text(450'000), "450K");
    EXPECT_EQ(count_text(999'499), "999K");
    EXPECT_EQ(count_text(999'500), "1.0M");
    EXPECT_EQ(count_text(1'200'000), "1.2M");
    EXPECT_EQ(count_text(12'345'678'901), "12G");
    EXPECT_EQ(count_text(std::numeric_limits<std::uint64_t>::max()), "18447P");
}

TEST(RateText, HasTwoDigitsAndAUnit) {
    EXPECT_EQ(rate_text(std::nullopt), "-");
    EXPECT_EQ(rate_text(0), "0 bit/s");
    EXPECT_EQ(rate_text(9), "9 bit/s");
    EXPECT_EQ(rate_text(1'500), "1.5 Kbit/s");
    EXPECT_EQ(rate_text(25'400'000), "25 Mbit/s");
    EXPECT_EQ(rate_text(2'400'000'000), "2.4 Gbit/s");
}

TEST(ShareText, IsAPercentage) {
    EXPECT_EQ(share_text(0), "0%");
    EXPECT_EQ(share_text(0.0004), "0%");
    EXPECT_EQ(share_text(0.0043), "0.4%");
    EXPECT_EQ(share_text(0.1205), "12%");
    EXPECT_EQ(share_text(1), "100%");
}

}  // namespace
}  // namespace qe::app
