// SPDX-License-Identifier: Apache-2.0
#include "quicether/route/bucket_pool.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"

namespace qe::route {
namespace {

PrefixKey key(std::string_view text) { return PrefixKey::of(net::parse_prefix(text).value()); }
std::uint32_t window(std::string_view text, unsigned from) {
    const PrefixKey address = PrefixKey::of(net::parse_ip_address(text).value());
    return static_cast<std::uint32_t>(address.bits_from(from) >> 32);
}

TEST(BucketItem, MatchesExactlyTheBitsOfItsPrefix) {
    const BucketItem item = BucketItem::of(key("10.1.2.0/23"), 8, 5);
    EXPECT_EQ(item.entry, 5U);
    EXPECT_TRUE(item.matches(window("10.1.2.0", 8)));
    EXPECT_TRUE(item.matches(window("10.1.3.255", 8)));
    EXPECT_FALSE(item.matches(window("10.1.4.0", 8)));
    EXPECT_FALSE(item.matches(window("10.1.1.255", 8)));
}

TEST(BucketItem, OfAPrefixThatEndsWhereItBeginsMatchesAll) {
    const BucketItem item = BucketItem::of(key("10.0.0.0/8"), 8, 5);
    EXPECT_TRUE(item.matches(window("10.0.0.0", 8)));
    EXPECT_TRUE(item.matches(window("10.255.255.255", 8)));
}

TEST(BucketItem, HoldsThirtyOneBitsAndMarksTheRest) {
    EXPECT_EQ(BucketItem::of(key("fd00:0:0:1::/63"), 32, 5).entry, 5U);
    const BucketItem longer = BucketItem::of(key("fd00:0:0:2::/64"), 32, 5);
    EXPECT_EQ(longer.entry, 5U | BucketItem::kPartial);
    EXPECT_TRUE(longer.matches(window("fd00:0:0:2::", 32)));
    EXPECT_TRUE(longer.matches(window("fd00:0:0:3::", 32)));
    EXPECT_FALSE(longer.matches(window("fd00:0:0:4::", 32)));
}

TEST(BucketPool, UnusedRoomMatchesAllAndNamesNone) {
    BucketPool pool;
    EXPECT_EQ(pool.size(BucketPool::kEmpty), 0U);
    const auto nothing = pool.items(BucketPool::kEmpty);
    ASSERT_EQ(nothing.size(), 1U);
    EXPECT_TRUE(nothing[0].matches(0x1234'5678));
    EXPECT_EQ(nothing[0].entry, kNoEntry);
    const std::array<BucketItem, 3> three{{{1, 1}, {2, 2}, {4, 3}}};
    const std::uint32_t bucket = pool.make(three);
    EXPECT_EQ(pool.size(bucket), 3U);
    ASSERT_EQ(pool.items(bucket).size(), 4U);
    EXPECT_EQ(pool.items(bucket)[3], BucketItem());
}

/// Plain lists beside the buckets, over many sizes and places.
TEST(BucketPool, KeepsEveryListOverRandomUpdates) {
    base::Rng rng({});
    BucketPool pool;
    std::vector<std::uint32_t> buckets(100, BucketPool::kEmpty);
    std::vector<std::vector<BucketItem>> lists(buckets.size());
    for (std::uint32_t step = 0; step < 50'000; ++step) {
        const std::size_t at = rng.below(buckets.size());
        auto& list = lists[at];
        const bool growing = step / 5000 % 2 == 0;
        if (list.size() < BucketPool::kItemsMax && rng.below(3) < (growing ? 2U : 1U)) {
            const std::size_t position = rng.below(list.size() + 1);
            const BucketItem item{step, step};
            buckets[at] = pool.insert(buckets[at], position, item);
            list.insert(list.begin() + static_cast<std::ptrdiff_t>(position), item);
        } else if (!list.empty()) {
            const std::size_t position = rng.below(list.size());
            buckets[at] = pool.erase(buckets[at], position);
            list.erase(list.begin() + static_cast<std::ptrdiff_t>(position));
        }
        const std::size_t seen = rng.below(buckets.size());
        const auto items = pool.items(buckets[seen]).first(pool.size(buckets[seen]));
        ASSERT_TRUE(std::equal(items.begin(), items.end(), lists[seen].begin(), lists[seen].end()));
    }
}

TEST(BucketPool, UsesReleasedBlocksAgain) {
    BucketPool pool;
    const std::array<BucketItem, 5> five{{{1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 5}}};
    std::set<std::uint32_t> first;
    for (int i = 0; i < 64; ++i) {
        first.insert(pool.make(five));
    }
    EXPECT_EQ(first.size(), 64U);
    for (const std::uint32_t bucket : first) {
        pool.release(bucket);
    }
    std::set<std::uint32_t> second;
    for (int i = 0; i < 64; ++i) {
        second.insert(pool.make(five));
    }
    EXPECT_EQ(second, first);
}

}  // namespace
}  // namespace qe::route
