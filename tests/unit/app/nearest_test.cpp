// SPDX-License-Identifier: Apache-2.0
#include "app/nearest.h"

#include <vector>

#include <gtest/gtest.h>

namespace qe::app {
namespace {

const std::vector<std::string> kVerbs{"start", "stop", "status", "peers", "ping"};

TEST(EditDistance, CountsSingleMistakes) {
    EXPECT_EQ(edit_distance("", ""), 0U);
    EXPECT_EQ(edit_distance("stop", "stop"), 0U);
    EXPECT_EQ(edit_distance("", "stop"), 4U);
    EXPECT_EQ(edit_distance("stop", "sop"), 1U);
    EXPECT_EQ(edit_distance("stop", "stoop"), 1U);
    EXPECT_EQ(edit_distance("stop", "step"), 1U);
    EXPECT_EQ(edit_distance("stop", "sotp"), 1U);
    EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Nearest, FindsWhatWasMeant) {
    EXPECT_EQ(nearest("statsu", kVerbs), "status");
    EXPECT_EQ(nearest("peer", kVerbs), "peers");
    EXPECT_EQ(nearest("pign", kVerbs), "ping");
    EXPECT_EQ(nearest("strat", kVerbs), "start");
}

TEST(Nearest, IsSilentWhenNothingIsClose) {
    EXPECT_EQ(nearest("frobnicate", kVerbs), "");
    EXPECT_EQ(nearest("", kVerbs), "");
    EXPECT_EQ(nearest("x", kVerbs), "");
    EXPECT_EQ(nearest(std::string(100'000, 'p'), kVerbs), "");
    EXPECT_EQ(nearest("status", {}), "");
}

}  // namespace
}  // namespace qe::app
