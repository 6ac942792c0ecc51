// SPDX-License-Identifier: Apache-2.0
#include "quicether/base/bounded_queue.h"

#include <memory>

#include <gtest/gtest.h>

namespace qe::base {
namespace {

TEST(BoundedQueue, GivesBackInOrder) {
    BoundedQueue<int> queue(3);
    EXPECT_TRUE(queue.empty());
    EXPECT_FALSE(queue.pop());
    EXPECT_TRUE(queue.push(1));
    EXPECT_TRUE(queue.push(2));
    EXPECT_EQ(queue.front(), 1);
    EXPECT_EQ(queue.pop(), 1);
    EXPECT_TRUE(queue.push(3));
    EXPECT_EQ(queue.pop(), 2);
    EXPECT_EQ(queue.pop(), 3);
    EXPECT_EQ(queue.dropped(), 0U);
}

TEST(BoundedQueue, RefusesAndCountsTheNewcomerWhenFull) {
    BoundedQueue<int> queue(2);
    EXPECT_TRUE(queue.push(1));
    EXPECT_TRUE(queue.push(2));
    EXPECT_FALSE(queue.push(3));
    EXPECT_FALSE(queue.push(4));
    EXPECT_EQ(queue.dropped(), 2U);
    EXPECT_EQ(queue.size(), queue.entries_max());
    EXPECT_EQ(queue.pop(), 1);
    EXPECT_TRUE(queue.push(5));
    queue.clear();
    EXPECT_TRUE(queue.empty());
    EXPECT_EQ(queue.dropped(), 2U) << "clearing is not dropping";
}

TEST(BoundedQueue, OfNoRoomRefusesEverything) {
    BoundedQueue<int> queue(0);
    EXPECT_FALSE(queue.push(1));
    EXPECT_EQ(queue.dropped(), 1U);
}

TEST(BoundedQueue, HoldsMoveOnlyValues) {
    BoundedQueue<std::unique_ptr<int>> queue(1);
    EXPECT_TRUE(queue.push(std::make_unique<int>(7)));
    EXPECT_EQ(**queue.pop(), 7);
}

TEST(BoundedQueueDeathTest, TheFrontOfAnEmptyQueueIsABug) {
    BoundedQueue<int> queue(1);
    EXPECT_DEATH((void)queue.front(), "assertion failed");
}

}  // namespace
}  // namespace qe::base
