// SPDX-License-Identifier: Apache-2.0
#include "app/palette.h"

#include <gtest/gtest.h>

namespace qe::app {
namespace {

TEST(WantsColour, OnATerminalOnly) {
    EXPECT_TRUE(wants_colour({.is_terminal = true, .term = "xterm"}));
    EXPECT_FALSE(wants_colour({.is_terminal = false, .term = "xterm"}));
}

TEST(WantsColour, NotAgainstTheFlagOrTheEnvironment) {
    EXPECT_FALSE(wants_colour({.is_terminal = true, .no_color_flag = true}));
    EXPECT_FALSE(wants_colour({.is_terminal = true, .no_color = "1"}));
    EXPECT_FALSE(wants_colour({.is_terminal = true, .no_color = "0"}));
    EXPECT_FALSE(wants_colour({.is_terminal = true, .term = "dumb"}));
}

TEST(WantsColour, TakesAnEmptyVariableForAnUnsetOne) {
    EXPECT_TRUE(wants_colour({.is_terminal = true, .no_color = "", .term = ""}));
    EXPECT_TRUE(wants_colour({.is_terminal = true}));
}

TEST(Palette, PaintsWholeWordsAndResets) {
    EXPECT_EQ(Palette(true).paint(Tint::Good, "ok"), "\x1b[32mok\x1b[0m");
    EXPECT_EQ(Palette(true).paint(Tint::Strong, "NodeID"), "\x1b[1mNodeID\x1b[0m");
}

TEST(Palette, LeavesPlainAndEmptyTextsAlone) {
    EXPECT_EQ(Palette(true).paint(Tint::Plain, "ok"), "ok");
    EXPECT_EQ(Palette(true).paint(Tint::Bad, ""), "");
}

TEST(Palette, WithoutColourChangesNothing) {
    for (const Tint tint :
         {Tint::Plain, Tint::Good, Tint::Warn, Tint::Bad, Tint::Dim, Tint::Strong}) {
        EXPECT_EQ(Palette(false).paint(tint, "text"), "text");
    }
}

}  // namespace
}  // namespace qe::app
