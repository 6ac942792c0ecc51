// SPDX-License-Identifier: Apache-2.0
//
// What a path that is not the quickest one takes from a queue: flows with a backlog, in order.
#include <gtest/gtest.h>

#include "flow_queue_fixture.h"
#include "node/traffic/flow_queue.h"

namespace qe::node {
namespace {

using test::bulk;
using test::FlowQueueTest;
using test::kPacketMax;

class FlowQueueBulk : public FlowQueueTest {
  protected:
    /// The flow of the next segment of those with a backlog; 0 without.
    int pop_bulk() {
        const auto segment = queue->pop(now, kPacketMax, FlowQueue::From::BulkFlows);
        return segment ? test::read_segment(*segment).flow : 0;
    }
};

TEST_F(FlowQueueBulk, LeavesSparseFlowsToTheQuickestPath) {
    push({.flow = 1, .payload = 60});
    push(bulk(2));
    push({.flow = 3, .payload = 60});
    EXPECT_EQ(pop()->flow, 1);
    EXPECT_EQ(pop()->flow, 2);  // its turn is over: an old flow now
    while (pop_bulk() == 2) {
    }
    EXPECT_FALSE(queue->empty());
    EXPECT_EQ(pop()->flow, 3);
}

TEST_F(FlowQueueBulk, HasNothingWhileNoFlowHasABacklog) {
    EXPECT_EQ(pop_bulk(), 0);
    for (std::uint16_t flow = 1; flow <= 3; ++flow) {
        push({.flow = flow, .payload = 60});
    }
    EXPECT_EQ(pop_bulk(), 0);
    EXPECT_EQ(pop_bulk(), 0);
    EXPECT_EQ(pop()->flow, 1);
    EXPECT_EQ(pop()->flow, 2);
    EXPECT_EQ(pop()->flow, 3);
}

TEST_F(FlowQueueBulk, DoesNotPutASparseFlowBehindTheBulkThatPassesIt) {
    push(bulk(1));
    push(bulk(2));
    while (pop()->flow != 2) {
    }
    push({.flow = 3, .payload = 60});
    while (pop()->flow != 3) {
    }
    ASSERT_NE(pop()->flow, 3);  // so 3 has had its turn, and waits behind the others
    push({.flow = 3, .payload = 60});
    while (pop_bulk() != 2) {
    }
    EXPECT_EQ(pop()->flow, 3);
    EXPECT_FALSE(queue->is_backlogged()) << "it waited, but for others";
    EXPECT_NE(pop_bulk(), 0);
    EXPECT_TRUE(queue->is_backlogged());
}

TEST_F(FlowQueueBulk, TakesAFlowThatIsKeptInOrderHoweverLittleItHas) {
    push({.flow = 1, .payload = 60});
    ASSERT_TRUE(pop());
    EXPECT_FALSE(queue->is_in_order(now));
    queue->keep_in_order(now + base::milliseconds(100));
    EXPECT_TRUE(queue->is_in_order(now));
    EXPECT_FALSE(pop());
    push({.flow = 2, .payload = 60});
    push({.flow = 3, .payload = 60});
    push({.flow = 1, .payload = 60});
    EXPECT_EQ(pop_bulk(), 1);
    EXPECT_EQ(pop_bulk(), 0);
    now = now + base::milliseconds(100);
    EXPECT_FALSE(queue->is_in_order(now));
    push({.flow = 1, .payload = 60});
    EXPECT_EQ(pop_bulk(), 0);
    EXPECT_EQ(pop()->flow, 2);
    EXPECT_EQ(pop()->flow, 3);
    EXPECT_EQ(pop()->flow, 1);
}

TEST_F(FlowQueueBulk, SaysWhetherAFlowSendsMoreThanItsTurn) {
    push({.flow = 1, .payload = 60});
    ASSERT_TRUE(pop());
    EXPECT_FALSE(queue->is_backlogged());
    push(bulk(2));
    ASSERT_TRUE(pop());
    EXPECT_TRUE(queue->is_backlogged());
    EXPECT_EQ(queue->popped() % 256, 2U);
}

}  // namespace
}  // namespace qe::node
