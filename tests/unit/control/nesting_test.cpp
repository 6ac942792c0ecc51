// SPDX-License-Identifier: Apache-2.0
#include "control/nesting.h"

#include <gtest/gtest.h>

namespace qe::control {
namespace {

TEST(Nesting, CountsWhatIsOpenAtOnce) {
    EXPECT_EQ(nesting_of(""), 0U);
    EXPECT_EQ(nesting_of("7"), 0U);
    EXPECT_EQ(nesting_of("{}"), 1U);
    EXPECT_EQ(nesting_of("[[],[],[]]"), 2U);
    EXPECT_EQ(nesting_of(R"({"a":[{"b":[]}]})"), 4U);
}

TEST(Nesting, IgnoresBracketsInsideStrings) {
    EXPECT_EQ(nesting_of(R"({"a":"[[[["})"), 1U);
    EXPECT_EQ(nesting_of(R"({"a":"\"[[["})"), 1U);
    EXPECT_EQ(nesting_of(R"({"a":"\\","b":[]})"), 2U);
}

TEST(Nesting, StaysInsideTextsThatAreCutOff) {
    EXPECT_EQ(nesting_of("\"\\"), 0U);
    EXPECT_EQ(nesting_of("]]]]{"), 1U);
    EXPECT_EQ(nesting_of("\"[[["), 0U);
}

}  // namespace
}  // namespace qe::control
