// SPDX-License-Identifier: Apache-2.0
//
// Backoff, DeadlineQueue, TokenBucket and PacketArena.
#include <gtest/gtest.h>

#include "node/deadline_queue.h"
#include "node/links/backoff.h"
#include "node/token_bucket.h"
#include "node/traffic/packet_arena.h"

namespace qe::node {
namespace {

using base::Instant;
using base::milliseconds;
using base::seconds;

Instant at(std::uint64_t ms) { return Instant::from_nanoseconds(ms * 1'000'000); }

TEST(Backoff, DoublesFromHalfASecondToThirtyWithJitterBelow) {
    base::Rng rng(base::Rng::Seed{});
    Backoff backoff;
    base::Duration step = kBackoffFirst;
    for (int i = 0; i < 12; ++i) {
        const base::Duration wait = backoff.next(rng);
        EXPECT_GE(wait, step / 2);
        EXPECT_LE(wait, step);
        step = std::min<base::Duration>(step * 2, kBackoffMax);
    }
    EXPECT_EQ(step, kBackoffMax);
    backoff.reset();
    EXPECT_LE(backoff.next(rng), kBackoffFirst);
}

TEST(DeadlineQueue, HandsOutWhatIsDueInOrder) {
    DeadlineQueue<int> queue;
    queue.set(1, at(30));
    queue.set(2, at(10));
    queue.set(3, at(10));
    EXPECT_EQ(queue.next_deadline(), at(10));
    EXPECT_FALSE(queue.pop_due(at(9)).has_value());
    EXPECT_EQ(queue.pop_due(at(10)), 2);
    EXPECT_EQ(queue.pop_due(at(10)), 3);
    EXPECT_FALSE(queue.pop_due(at(10)).has_value());
    EXPECT_EQ(queue.next_deadline(), at(30));
}

TEST(DeadlineQueue, KeepsOneDeadlineForAKey) {
    DeadlineQueue<int> queue;
    queue.set(1, at(10));
    queue.set(1, at(20));
    EXPECT_EQ(queue.next_deadline(), at(20));
    queue.set_no_later(1, at(40));
    EXPECT_EQ(queue.next_deadline(), at(20));
    queue.set_no_later(1, at(15));
    EXPECT_EQ(queue.next_deadline(), at(15));
    queue.set(1, Instant::never());
    EXPECT_TRUE(queue.next_deadline().is_never());
}

TEST(DeadlineQueue, GivesTheMemoryOfAKeyThatLeftToAnother) {
    DeadlineQueue<int> queue;
    queue.set(1, at(10));
    queue.set(2, at(20));
    EXPECT_EQ(queue.pop_due(at(10)), 1);
    EXPECT_EQ(queue.pop_due(at(20)), 2);
    queue.set(3, at(5));
    queue.set(4, at(4));
    queue.set(3, at(3));
    EXPECT_EQ(queue.pop_due(at(5)), 3);
    EXPECT_EQ(queue.pop_due(at(5)), 4);
    EXPECT_FALSE(queue.pop_due(at(100)).has_value());
}

TEST(TokenBucket, AllowsABurstAndThenTheRate) {
    TokenBucket bucket(10, 3);
    Instant now = at(1000);
    EXPECT_TRUE(bucket.take(now));
    EXPECT_TRUE(bucket.take(now));
    EXPECT_TRUE(bucket.take(now));
    EXPECT_FALSE(bucket.take(now));
    EXPECT_FALSE(bucket.take(now + milliseconds(99)));
    EXPECT_TRUE(bucket.take(now + milliseconds(100)));
    EXPECT_FALSE(bucket.take(now + milliseconds(100)));
    now = now + seconds(3600);
    int allowed = 0;
    while (bucket.take(now)) {
        ++allowed;
    }
    EXPECT_EQ(allowed, 3);
}

TEST(PacketArena, KeepsPacketsApartUntilItIsCleared) {
    PacketArena arena;
    std::vector<base::MutableBytes> packets;
    for (std::size_t i = 0; i < 200; ++i) {
        packets.push_back(arena.allocate(1500));
        ASSERT_EQ(packets.back().size(), 1500U);
        std::fill(packets.back().begin(), packets.back().end(), static_cast<std::byte>(i));
    }
    for (std::size_t i = 0; i < packets.size(); ++i) {
        EXPECT_EQ(packets[i].front(), static_cast<std::byte>(i));
        EXPECT_EQ(packets[i].back(), static_cast<std::byte>(i));
    }
}

TEST(PacketArena, IsBounded) {
    PacketArena arena;
    std::size_t held = 0;
    while (!arena.allocate(60'000).empty()) {
        held += 60'000;
    }
    EXPECT_LE(held, PacketArena::kChunkSize * PacketArena::kChunksMax);
    arena.clear();
    EXPECT_FALSE(arena.allocate(60'000).empty());
}

}  // namespace
}  // namespace qe::node
