// SPDX-License-Identifier: Apache-2.0
#include "quicether/multipath/repair_buffer.h"

#include <array>
#include <string_view>

#include <gtest/gtest.h>

namespace qe::multipath {
namespace {

using base::Instant;
using base::milliseconds;

constexpr Instant at(std::uint64_t ms) { return Instant::from_nanoseconds(ms * 1'000'000); }

RepairToken keep(RepairBuffer& buffer, std::string_view text, PathIndex path = 0,
                 Instant now = at(0)) {
    const std::array parts = {base::as_bytes(text.substr(0, text.size() / 2)),
                              base::as_bytes(text.substr(text.size() / 2))};
    return buffer.keep(now, path, parts);
}
/// The text to send again, "" for none.
std::string_view next_text(RepairBuffer& buffer, Instant now = at(0)) {
    const auto repair = buffer.next(now);
    return repair ? base::as_text(repair->bytes) : "";
}

TEST(RepairBuffer, CountsTokensFromOne) {
    RepairBuffer buffer(1000);
    EXPECT_EQ(keep(buffer, "a"), 1U);
    EXPECT_EQ(keep(buffer, "b"), 2U);
    EXPECT_EQ(buffer.bytes_held(), 2U);
}

TEST(RepairBuffer, FreesWhatArrived) {
    RepairBuffer buffer(1000);
    const RepairToken token = keep(buffer, "hello");
    buffer.handle_acknowledged(token);
    buffer.handle_acknowledged(token);
    buffer.handle_lost(token, 0);
    EXPECT_EQ(buffer.bytes_held(), 0U);
    EXPECT_EQ(buffer.counters().acknowledged, 1U);
    EXPECT_FALSE(buffer.next(at(0)));
}

TEST(RepairBuffer, HandsOutWhatWasLostUntilItIsSentAgain) {
    RepairBuffer buffer(1000);
    const RepairToken a = keep(buffer, "first", 3);
    const RepairToken b = keep(buffer, "second", 4);
    keep(buffer, "third", 3);
    buffer.handle_lost(b, 4);
    buffer.handle_lost(a, 3);
    for (int i = 0; i < 2; ++i) {
        const auto repair = buffer.next(at(0));
        ASSERT_TRUE(repair);
        EXPECT_EQ(repair->token, b);
        EXPECT_EQ(repair->lost_on, 4);
        EXPECT_EQ(base::as_text(repair->bytes), "second");
    }
    buffer.handle_sent_again(b, 3);
    EXPECT_EQ(next_text(buffer), "first");
    buffer.handle_sent_again(a, 4);
    EXPECT_FALSE(buffer.next(at(0)));
    EXPECT_EQ(buffer.counters().repaired, 2U);
    EXPECT_EQ(buffer.bytes_held(), 16U);
}

TEST(RepairBuffer, DoesNotRepairWhatArrivedAfterAll) {
    RepairBuffer buffer(1000);
    const RepairToken a = keep(buffer, "a");
    const RepairToken b = keep(buffer, "b");
    buffer.handle_lost(a, 0);
    buffer.handle_lost(b, 0);
    buffer.handle_acknowledged(a);
    EXPECT_EQ(next_text(buffer), "b");
}

TEST(RepairBuffer, TheCallerMayGiveUp) {
    RepairBuffer buffer(1000);
    const RepairToken a = keep(buffer, "a");
    buffer.handle_lost(a, 0);
    buffer.handle_given_up(a);
    EXPECT_FALSE(buffer.next(at(0)));
    EXPECT_EQ(buffer.bytes_held(), 0U);
    EXPECT_EQ(buffer.counters().abandoned, 1U);
    EXPECT_EQ(buffer.counters().acknowledged, 0U);
}

TEST(RepairBuffer, IgnoresTheLossOnAPathItWasRepairedFrom) {
    RepairBuffer buffer(1000);
    const RepairToken a = keep(buffer, "a", 1);
    buffer.handle_path_failed(1);
    ASSERT_TRUE(buffer.next(at(0)));
    buffer.handle_sent_again(a, 2);
    buffer.handle_lost(a, 1);  // The connection of the failed path notices only now.
    EXPECT_FALSE(buffer.next(at(0)));
    buffer.handle_lost(a, 2);
    EXPECT_TRUE(buffer.next(at(0)));
}

TEST(RepairBuffer, AFailedPathReturnsAllThatItCarriedInOrder) {
    RepairBuffer buffer(1000);
    keep(buffer, "a", 1);
    keep(buffer, "b", 2);
    keep(buffer, "c", 1);
    buffer.handle_acknowledged(keep(buffer, "d", 1));
    keep(buffer, "e", 1);
    buffer.handle_path_failed(1);
    for (const std::string_view text : {"a", "c", "e"}) {
        const auto repair = buffer.next(at(0));
        ASSERT_TRUE(repair);
        EXPECT_EQ(base::as_text(repair->bytes), text);
        buffer.handle_sent_again(repair->token, 2);
    }
    EXPECT_FALSE(buffer.next(at(0)));
}

TEST(RepairBuffer, AbandonsWhatIsTooOldForTheReceiver) {
    RepairBuffer buffer(1000);
    buffer.set_age_max(milliseconds(100));
    const RepairToken a = keep(buffer, "a", 0, at(0));
    const RepairToken b = keep(buffer, "b", 0, at(50));
    buffer.handle_lost(a, 0);
    buffer.handle_lost(b, 0);
    EXPECT_EQ(next_text(buffer, at(100)), "a");
    EXPECT_EQ(next_text(buffer, at(101)), "b");
    buffer.handle_sent_again(b, 0);
    buffer.handle_lost(b, 0);
    EXPECT_FALSE(buffer.next(at(151)));  // Its age counts from when it was first sent.
    EXPECT_EQ(buffer.counters().abandoned, 2U);
    EXPECT_EQ(buffer.bytes_held(), 0U);
}

TEST(RepairBuffer, AbandonsWhatIsLostTooOften) {
    RepairBuffer buffer(1000);
    const RepairToken a = keep(buffer, "a");
    for (int i = 0; i < RepairBuffer::kRepairsMax; ++i) {
        buffer.handle_lost(a, 0);
        ASSERT_TRUE(buffer.next(at(0)));
        buffer.handle_sent_again(a, 0);
    }
    EXPECT_EQ(buffer.counters().abandoned, 0U);
    buffer.handle_lost(a, 0);
    EXPECT_FALSE(buffer.next(at(0)));
    EXPECT_EQ(buffer.counters().abandoned, 1U);
    EXPECT_EQ(buffer.bytes_held(), 0U);
}

TEST(RepairBuffer, ForgetsTheOldestWhenFull) {
    RepairBuffer buffer(10);
    const RepairToken a = keep(buffer, "aaaa");
    const RepairToken b = keep(buffer, "bbbb");
    buffer.handle_lost(a, 0);
    buffer.handle_lost(b, 0);
    keep(buffer, "cccc");
    EXPECT_EQ(buffer.bytes_held(), 8U);
    EXPECT_EQ(buffer.counters().forgotten, 1U);
    EXPECT_EQ(next_text(buffer), "bbbb");
}

TEST(RepairBuffer, DoesNotEmptyItselfForWhatNeverFits) {
    RepairBuffer buffer(10);
    const RepairToken a = keep(buffer, "aaaa");
    const RepairToken b = keep(buffer, "bbbbbbbbbbb");
    EXPECT_EQ(b, a + 1);
    buffer.handle_lost(b, 0);
    EXPECT_FALSE(buffer.next(at(0)));
    EXPECT_EQ(buffer.bytes_held(), 4U);
    EXPECT_EQ(buffer.counters().forgotten, 1U);
}

TEST(RepairBuffer, OneThatNobodyReportsDoesNotMakeItGrowForEver) {
    RepairBuffer buffer(64 * 1024);
    const RepairToken first = keep(buffer, "a");
    for (int i = 0; i < 255; ++i) {
        EXPECT_EQ(buffer.counters().forgotten, 0U);
        buffer.handle_acknowledged(keep(buffer, "b"));
    }
    EXPECT_EQ(buffer.counters().forgotten, 1U);
    buffer.handle_lost(first, 0);
    EXPECT_FALSE(buffer.next(at(0)));
}

TEST(RepairBuffer, TokensWrapPastZero) {
    RepairBuffer buffer(1000, 0xffff'fffe);
    EXPECT_EQ(keep(buffer, "a"), 0xffff'fffe);
    EXPECT_EQ(keep(buffer, "b"), 0xffff'ffff);
    EXPECT_EQ(keep(buffer, "c"), 1U);
    buffer.handle_acknowledged(0xffff'ffff);
    buffer.handle_lost(0, 0);
    EXPECT_FALSE(buffer.next(at(0)));
    buffer.handle_path_failed(0);
    EXPECT_EQ(next_text(buffer), "a");
    buffer.handle_acknowledged(0xffff'fffe);
    EXPECT_EQ(next_text(buffer), "c");
}

}  // namespace
}  // namespace qe::multipath
