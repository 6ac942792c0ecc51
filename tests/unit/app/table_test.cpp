// SPDX-License-Identifier: Apache-2.0
#include "app/table.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace qe::app {
namespace {

const Palette kPlain(false);

TEST(Table, AlignsColumnsToTheirWidestCell) {
    Table table({"NodeID", "RTT"});
    table.add({{"xyz789xyz789"}, {"15ms"}});
    table.add({{"a"}, {"120ms"}});
    EXPECT_EQ(table.to_string(kPlain),
              "NodeID       | RTT\n"
              "xyz789xyz789 | 15ms\n"
              "a            | 120ms\n");
}

TEST(Table, WithoutRowsIsItsTitles) { EXPECT_EQ(Table({"A", "B"}).to_string(kPlain), "A | B\n"); }

TEST(Table, LeavesNoBlanksAtTheEndOfALine) {
    Table table({"A", "Long title"});
    table.add({{"x"}, {""}});
    EXPECT_EQ(table.to_string(kPlain), "A | Long title\nx |\n");
}

TEST(Table, DropsAnOptionalColumnThatIsEmpty) {
    Table table({"A", "B", "C"});
    table.make_optional("B");
    table.add({{"1"}, {""}, {"3"}});
    EXPECT_EQ(table.to_string(kPlain), "A | C\n1 | 3\n");
}

TEST(Table, KeepsAnOptionalColumnThatHasACell) {
    Table table({"A", "B"});
    table.make_optional("B");
    table.add({{"1"}, {""}});
    table.add({{"2"}, {"x"}});
    EXPECT_EQ(table.to_string(kPlain), "A | B\n1 |\n2 | x\n");
}

TEST(Table, CountsCodePointsAndNotBytes) {
    EXPECT_EQ(display_width("größe"), 5U);
    Table table({"A", "B"});
    table.add({{"ö"}, {"1"}});
    table.add({{"oe"}, {"2"}});
    EXPECT_EQ(table.to_string(kPlain), "A  | B\nö  | 1\noe | 2\n");
}

TEST(Table, ColoursDoNotChangeTheWidth) {
    Table table({"A", "B"});
    table.add({{"xx", Tint::Good}, {"1"}});
    EXPECT_EQ(table.to_string(Palette(true)),
              "\x1b[1mA\x1b[0m  | \x1b[1mB\x1b[0m\n\x1b[32mxx\x1b[0m | 1\n");
}

TEST(Table, AHostileNameCannotDriveTheTerminal) {
    Table table({"Name"});
    table.add({{"\x1b]0;owned\a\nok"}});
    const std::string text = table.to_string(kPlain);
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
    EXPECT_EQ(text.find('\a'), std::string::npos);
    EXPECT_EQ(std::ranges::count(text, '\n'), 2);
}

TEST(Table, AnEndlessNameIsCut) {
    Table table({"Name"});
    table.add({{std::string(100'000, 'x')}});
    EXPECT_LT(table.to_string(kPlain).size(), 400U);
}

}  // namespace
}  // namespace qe::app
