// SPDX-License-Identifier: Apache-2.0
#include "quicether/config/pattern.h"

#include <gtest/gtest.h>

namespace qe::config {
namespace {

TEST(Pattern, MatchesTheWholeName) {
    EXPECT_TRUE(matches_pattern("eth0", "eth0"));
    EXPECT_FALSE(matches_pattern("eth0", "eth01"));
    EXPECT_TRUE(matches_pattern("eth*", "eth"));
    EXPECT_TRUE(matches_pattern("w*n?", "wwan0"));
    EXPECT_FALSE(matches_pattern("w*n?", "wwan"));
    EXPECT_TRUE(matches_pattern("*a*b*", "xxaxxbxx"));
    EXPECT_FALSE(matches_pattern("*a*b", "xxaxxbxx"));
    EXPECT_TRUE(matches_pattern("**", ""));
    EXPECT_FALSE(matches_pattern("?", ""));
    EXPECT_FALSE(matches_pattern("", "a"));
}

TEST(ValueFor, TakesTheNameBeforeAPattern) {
    const std::map<std::string, double> table = {{"*", 1}, {"eth*", 2}, {"eth7", 3}};
    EXPECT_EQ(value_for(table, "eth7"), 3);
    EXPECT_EQ(value_for(table, "eth1"), 1);
    EXPECT_EQ(value_for({{"eth*", 2}}, "wlan0"), 0);
    EXPECT_EQ(value_for({}, "eth0"), 0);
}

}  // namespace
}  // namespace qe::config
