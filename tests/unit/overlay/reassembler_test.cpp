// SPDX-License-Identifier: Apache-2.0
#include "quicether/overlay/reassembler.h"

#include <string_view>

#include <gtest/gtest.h>

#include "quicether/overlay/fragmenter.h"

namespace qe::overlay {
namespace {

using base::ErrorCode;
using base::Instant;

constexpr Instant at(std::uint64_t ms) { return Instant::from_nanoseconds(ms * 1'000'000); }

/// The whole packet as text, "" while unfinished, "!" on an error.
std::string feed(Reassembler& reassembler, const FragmentFields& fields, std::string_view payload,
                 Instant now = at(0)) {
    const auto result = reassembler.handle_fragment(now, fields, base::as_bytes(payload));
    if (!result) {
        return "!";
    }
    return *result ? std::string(base::as_text(**result)) : "";
}

TEST(Reassembler, JoinsPiecesInAnyOrder) {
    Reassembler reassembler;
    EXPECT_EQ(feed(reassembler, {1, 4, 6}, "ef"), "");
    EXPECT_EQ(feed(reassembler, {1, 0, 6}, "ab"), "");
    EXPECT_EQ(feed(reassembler, {1, 2, 6}, "cd"), "abcdef");
    EXPECT_EQ(reassembler.counters().packets, 1U);
    EXPECT_EQ(reassembler.bytes_held(), 0U);
    EXPECT_TRUE(reassembler.next_deadline().is_never());
}

TEST(Reassembler, KeepsInterleavedPacketsApart) {
    Reassembler reassembler;
    EXPECT_EQ(feed(reassembler, {1, 0, 4}, "ab"), "");
    EXPECT_EQ(feed(reassembler, {2, 0, 4}, "AB"), "");
    EXPECT_EQ(feed(reassembler, {1, 2, 4}, "cd"), "abcd");
    EXPECT_EQ(feed(reassembler, {2, 2, 4}, "CD"), "ABCD");
}

TEST(Reassembler, IgnoresExactDuplicates) {
    Reassembler reassembler;
    EXPECT_EQ(feed(reassembler, {1, 0, 4}, "ab"), "");
    EXPECT_EQ(feed(reassembler, {1, 0, 4}, "ab"), "");
    EXPECT_EQ(feed(reassembler, {1, 2, 4}, "cd"), "abcd");
    EXPECT_EQ(reassembler.counters().duplicates, 1U);
}

TEST(Reassembler, DoesNotStartAFinishedPacketASecondTime) {
    Reassembler reassembler;
    EXPECT_EQ(feed(reassembler, {1, 0, 4}, "ab"), "");
    EXPECT_EQ(feed(reassembler, {1, 2, 4}, "cd"), "abcd");
    EXPECT_EQ(feed(reassembler, {1, 0, 4}, "ab"), "");
    EXPECT_EQ(feed(reassembler, {1, 2, 4}, "cd"), "");
    EXPECT_EQ(reassembler.counters().packets, 1U);
    EXPECT_EQ(reassembler.counters().duplicates, 2U);
    EXPECT_EQ(reassembler.bytes_held(), 0U);
}

TEST(Reassembler, ReusesAnIdAfterEnoughOthers) {
    Reassembler reassembler;
    for (std::uint32_t id = 0; id <= Reassembler::kClosedIdsMax; ++id) {
        feed(reassembler, {id, 0, 2}, "a");
        EXPECT_EQ(feed(reassembler, {id, 1, 2}, "b"), "ab");
    }
    feed(reassembler, {0, 0, 2}, "c");
    EXPECT_EQ(feed(reassembler, {0, 1, 2}, "d"), "cd");
}

TEST(Reassembler, DropsThePacketOnAnyContradiction) {
    struct Case {
        const char* why;
        FragmentFields fields;
        std::string_view payload;
    };
    for (const Case& c :
         {Case{"overlap at the left", {1, 1, 10}, "bc"},
          Case{"overlap at the right", {1, 3, 10}, "de"}, Case{"within", {1, 2, 10}, "c"},
          Case{"around", {1, 1, 10}, "bcde"}, Case{"same begin, longer", {1, 2, 10}, "cde"},
          Case{"same range, other bytes", {1, 2, 10}, "XY"},
          Case{"other total", {1, 4, 11}, "e"}}) {
        Reassembler reassembler;
        EXPECT_EQ(feed(reassembler, {1, 2, 10}, "cd"), "");
        EXPECT_EQ(feed(reassembler, c.fields, c.payload), "!") << c.why;
        EXPECT_EQ(reassembler.counters().rejected, 1U) << c.why;
        EXPECT_EQ(reassembler.bytes_held(), 0U) << c.why;
        // RFC 5722: what still comes for it is discarded too.
        EXPECT_EQ(feed(reassembler, {1, 0, 10}, "ab"), "") << c.why;
        EXPECT_EQ(reassembler.bytes_held(), 0U) << c.why;
    }
}

TEST(Reassembler, RejectsFragmentsNoPacketHas) {
    Reassembler reassembler;
    EXPECT_EQ(feed(reassembler, {1, 0, 0}, "a"), "!");
    EXPECT_EQ(feed(reassembler, {1, 0, 4}, ""), "!");
    EXPECT_EQ(feed(reassembler, {1, 0, 2}, "ab"), "!");
    EXPECT_EQ(feed(reassembler, {1, 3, 4}, "ab"), "!");
    EXPECT_EQ(feed(reassembler, {1, 65'535, 4}, "a"), "!");
    EXPECT_EQ(reassembler.counters().rejected, 5U);
    EXPECT_EQ(reassembler.bytes_held(), 0U);
}

TEST(Reassembler, ExpiresPacketsThatStayIncomplete) {
    Reassembler reassembler;
    feed(reassembler, {1, 0, 4}, "ab", at(0));
    feed(reassembler, {2, 0, 4}, "AB", at(1000));
    EXPECT_EQ(reassembler.next_deadline(), at(5000));
    reassembler.handle_timeout(at(4999));
    EXPECT_EQ(reassembler.counters().expired, 0U);
    reassembler.handle_timeout(at(5000));
    EXPECT_EQ(reassembler.counters().expired, 1U);
    EXPECT_EQ(reassembler.next_deadline(), at(6000));
    EXPECT_EQ(feed(reassembler, {2, 2, 4}, "CD", at(5999)), "ABCD");
    EXPECT_TRUE(reassembler.next_deadline().is_never());
}

TEST(Reassembler, AFragmentAfterTheLifetimeFindsNothing) {
    Reassembler reassembler;
    feed(reassembler, {1, 0, 4}, "ab", at(0));
    EXPECT_EQ(feed(reassembler, {1, 2, 4}, "cd", at(6000)), "");
    EXPECT_EQ(reassembler.counters().expired, 1U);
    EXPECT_EQ(reassembler.counters().packets, 0U);
}

TEST(Reassembler, EvictsTheOldestWhenThereAreTooMany) {
    Reassembler reassembler({1000, 2, base::seconds(5)});
    feed(reassembler, {1, 0, 4}, "ab");
    feed(reassembler, {2, 0, 4}, "AB");
    feed(reassembler, {3, 0, 4}, "xy");
    EXPECT_EQ(reassembler.counters().evicted, 1U);
    EXPECT_EQ(feed(reassembler, {3, 2, 4}, "z."), "xyz.");
    EXPECT_EQ(feed(reassembler, {2, 2, 4}, "CD"), "ABCD");
    EXPECT_EQ(feed(reassembler, {1, 2, 4}, "cd"), "");
}

TEST(Reassembler, EvictsTheOldestWhenTheBytesRunOut) {
    Reassembler reassembler({100, 64, base::seconds(5)});
    feed(reassembler, {1, 0, 60}, "a");
    feed(reassembler, {2, 0, 30}, "a");
    feed(reassembler, {3, 0, 50}, "a");
    EXPECT_EQ(reassembler.counters().evicted, 1U);
    EXPECT_EQ(reassembler.bytes_held(), 80U);
}

TEST(Reassembler, RefusesAPacketThatNeverFits) {
    Reassembler reassembler({100, 64, base::seconds(5)});
    const auto result = reassembler.handle_fragment(at(0), {1, 0, 101}, base::as_bytes("a"));
    EXPECT_EQ(result.error().code, ErrorCode::kReassemblyFull);
    EXPECT_EQ(reassembler.bytes_held(), 0U);
}

TEST(Reassembler, RefusesMorePiecesThanAFragmenterMakes) {
    Reassembler reassembler;
    for (std::uint16_t i = 0; i < kFragmentsMax; ++i) {
        EXPECT_EQ(feed(reassembler, {1, static_cast<std::uint16_t>(2 * i), 1000}, "a"), "");
    }
    EXPECT_EQ(feed(reassembler, {1, 900, 1000}, "a"), "!");
    EXPECT_EQ(reassembler.bytes_held(), 0U);
}

}  // namespace
}  // namespace qe::overlay
