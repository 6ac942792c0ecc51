// SPDX-License-Identifier: Apache-2.0
#include "node/traffic/packet_pool.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"

namespace qe::node {
namespace {

constexpr std::size_t kAmple = 64U << 20;

TEST(PacketPool, TakesTheSmallestSlotThatHolds) {
    PacketPool pool(kAmple);
    EXPECT_EQ(pool.bytes(pool.take(1)).size(), 2048U);
    EXPECT_EQ(pool.bytes(pool.take(2048)).size(), 2048U);
    EXPECT_EQ(pool.bytes(pool.take(2049)).size(), 16384U);
    EXPECT_EQ(pool.bytes(pool.take(16384)).size(), 16384U);
    EXPECT_EQ(pool.bytes(pool.take(16385)).size(), 65536U);
    EXPECT_EQ(pool.bytes(pool.take(65536)).size(), 65536U);
    EXPECT_EQ(pool.bytes_used(), 2 * (2048U + 16384U + 65536U));
}

TEST(PacketPool, HandsOutTheSlotReleasedLast) {
    PacketPool pool(kAmple);
    const PacketSlot a = pool.take(100);
    const PacketSlot b = pool.take(100);
    EXPECT_NE(a, b);
    pool.release(a);
    pool.release(b);
    EXPECT_EQ(pool.take(100), b);
    EXPECT_EQ(pool.take(100), a);
}

TEST(PacketPool, RefusesWhatWouldExceedItsBound) {
    PacketPool pool(65536 + 2048);
    const PacketSlot large = pool.take(60'000);
    const PacketSlot small = pool.take(60);
    ASSERT_FALSE(large.is_null());
    ASSERT_FALSE(small.is_null());
    EXPECT_TRUE(pool.take(60).is_null());
    EXPECT_EQ(pool.bytes_used(), 65536U + 2048U);
    pool.release(small);
    EXPECT_TRUE(pool.take(60'000).is_null());
    EXPECT_TRUE(pool.take(10'000).is_null());
    EXPECT_FALSE(pool.take(60).is_null());
    pool.release(large);
    EXPECT_FALSE(pool.take(10'000).is_null());
}

TEST(PacketPool, KeepsSlotsApart) {
    PacketPool pool(kAmple);
    base::Rng rng(base::Rng::Seed{});
    struct Held {
        PacketSlot slot;
        std::byte fill;
    };
    std::vector<Held> held;
    for (unsigned i = 0; i < 3000; ++i) {
        if (held.size() < 200 && rng.below(3) != 0) {
            const Held taken{pool.take(1 + rng.below(65536)), static_cast<std::byte>(i * 31)};
            std::ranges::fill(pool.bytes(taken.slot), taken.fill);
            held.push_back(taken);
        } else if (!held.empty()) {
            std::swap(held[rng.below(held.size())], held.back());
            const Held last = held.back();
            const base::ByteView bytes = pool.bytes(last.slot);
            ASSERT_TRUE(std::ranges::all_of(bytes, [&](std::byte b) { return b == last.fill; }));
            pool.release(last.slot);
            held.pop_back();
        }
    }
    for (const Held& rest : held) {
        EXPECT_EQ(pool.bytes(rest.slot).back(), rest.fill);
        pool.release(rest.slot);
    }
    EXPECT_EQ(pool.bytes_used(), 0U);
}

TEST(PacketPool, AbortsOnASecondRelease) {
    PacketPool pool(kAmple);
    const PacketSlot slot = pool.take(100);
    pool.release(slot);
    EXPECT_DEATH(pool.release(slot), "assertion failed");
    EXPECT_DEATH(pool.release(PacketSlot{}), "assertion failed");
}

}  // namespace
}  // namespace qe::node
