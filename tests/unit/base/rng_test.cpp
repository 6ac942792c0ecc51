// SPDX-License-Identifier: Apache-2.0
#include "quicether/base/rng.h"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

namespace qe::base {
namespace {

Rng seeded(std::uint8_t first) {
    Rng::Seed seed{};
    seed[0] = std::byte{first};
    return Rng(seed);
}

template <std::size_t kSize>
std::string drawn(Rng& rng) {
    std::array<std::byte, kSize> bytes{};
    rng.fill(bytes);
    return to_hex(bytes);
}

TEST(Rng, BeginsWithTheChaCha20KeyStreamOfRfc8439) {
    // RFC 8439, A.1, vector 1: key, nonce and counter all zero. The first block of the stream has
    // nonce 0, so its first 64 bytes are exactly that vector.
    Rng rng = seeded(0);
    EXPECT_EQ(drawn<64>(rng),
              "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
              "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586");
    // Vector 2 is the same with counter 1: the next 64 bytes.
    EXPECT_EQ(drawn<64>(rng),
              "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
              "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f");
}

TEST(Rng, RepeatsFromTheSameSeedHoweverItIsDrawn) {
    Rng whole = seeded(1);
    Rng pieces = seeded(1);
    std::array<std::byte, 1000> expected{};
    whole.fill(expected);
    std::array<std::byte, 1000> got{};
    for (std::size_t at = 0, size = 1; at < got.size(); at += size, size = size * 2 + 1) {
        size = std::min(size, got.size() - at);
        pieces.fill(MutableBytes(got).subspan(at, size));
    }
    EXPECT_EQ(to_hex(got), to_hex(expected));
}

TEST(Rng, DiffersBetweenSeedsAndBetweenBlocks) {
    Rng one = seeded(1);
    Rng other = seeded(2);
    const std::string first = drawn<256>(one);
    EXPECT_NE(first, drawn<256>(other));
    EXPECT_NE(first, drawn<256>(one));
}

TEST(Rng, ForksDifferByLabelAndByTheirPlaceInTheStream) {
    Rng parent = seeded(1);
    Rng a = parent.fork("quic");
    Rng same_place = seeded(1).fork("quic");
    Rng other_label = seeded(1).fork("dht");
    Rng later = parent.fork("quic");
    const std::string text = drawn<32>(a);
    EXPECT_EQ(text, drawn<32>(same_place));
    EXPECT_NE(text, drawn<32>(other_label));
    EXPECT_NE(text, drawn<32>(later));
}

TEST(Rng, DrawsInAForkLeaveTheParentAlone) {
    Rng quiet = seeded(1);
    Rng busy = seeded(1);
    (void)quiet.fork("x");
    Rng child = busy.fork("x");
    for (int i = 0; i < 100; ++i) {
        (void)child.u64();
    }
    EXPECT_EQ(drawn<64>(quiet), drawn<64>(busy));
}

TEST(Rng, GoesOnInTheSameStreamAfterAMove) {
    Rng expected = seeded(1);
    (void)drawn<10>(expected);
    Rng first = seeded(1);
    (void)drawn<10>(first);
    Rng second = std::move(first);
    Rng third = seeded(9);
    third = std::move(second);
    EXPECT_EQ(drawn<600>(third), drawn<600>(expected));
}

TEST(Rng, BelowStaysBelowAndReachesEveryValue) {
    Rng rng = seeded(1);
    std::map<std::uint64_t, int> counts;
    for (int i = 0; i < 6000; ++i) {
        ++counts[rng.below(6)];
    }
    ASSERT_EQ(counts.size(), 6U);
    EXPECT_EQ(counts.rbegin()->first, 5U);
    for (const auto& [value, count] : counts) {
        EXPECT_GT(count, 850) << value;
        EXPECT_LT(count, 1150) << value;
    }
    EXPECT_EQ(rng.below(1), 0U);
    EXPECT_LT(rng.below(UINT64_MAX), UINT64_MAX);
    EXPECT_LT(rng.below(1ULL << 63), 1ULL << 63);
}

TEST(RngDeathTest, BelowZeroIsABug) {
    Rng rng = seeded(1);
    EXPECT_DEATH((void)rng.below(0), "assertion failed: bound > 0");
}

}  // namespace
}  // namespace qe::base
