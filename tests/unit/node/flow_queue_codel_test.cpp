// SPDX-License-Identifier: Apache-2.0
//
// What CoDel does to the packets of a FlowQueue; the control law itself is in codel_test.cpp.
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "flow_queue_fixture.h"

namespace qe::node {
namespace {

using test::bulk;
using test::kMss;

using FlowQueueCodel = test::FlowQueueTest;

TEST_F(FlowQueueCodel, LosesNothingBelowTheTarget) {
    for (int i = 0; i < 1000; ++i) {
        for (int j = 0; j < 3; ++j) {
            push({.flow = 1});
        }
        pass(4);
        EXPECT_EQ(drain().size(), 3U);
    }
    EXPECT_EQ(queue->counters().dropped, 0U);
}

TEST_F(FlowQueueCodel, LosesPacketsFasterAndFasterWhileTheQueueStands) {
    for (int i = 0; i < 50; ++i) {
        push({.flow = 1});
    }
    pass(20);
    std::vector<unsigned> losses;
    for (unsigned ms = 0; ms < 430; ++ms) {
        const std::uint64_t before = queue->counters().dropped;
        ASSERT_TRUE(pop());
        losses.insert(losses.end(), queue->counters().dropped - before, ms);
        push({.flow = 1});
        pass(1);
    }
    EXPECT_EQ(losses, (std::vector<unsigned>{100, 200, 271, 329, 379, 424}));
}

TEST_F(FlowQueueCodel, StopsLosingWhenTheQueueDrains) {
    for (int i = 0; i < 300; ++i) {
        push({.flow = 1, .payload = 400});
    }
    for (int i = 0; i < 200; ++i) {
        pass(1);
        ASSERT_TRUE(pop());
    }
    const std::uint64_t lost = queue->counters().dropped;
    EXPECT_GT(lost, 0U);
    pass(1);
    const auto rest = drain();
    EXPECT_EQ(lost + 200 + rest.size() + (queue->counters().dropped - lost), 300U);
    const std::uint64_t drained = queue->counters().dropped;
    for (int i = 0; i < 500; ++i) {
        push({.flow = 1});
        push({.flow = 1});
        pass(1);
        EXPECT_EQ(drain().size(), 2U);
    }
    EXPECT_EQ(queue->counters().dropped, drained);
}

TEST_F(FlowQueueCodel, BeginsAnewAfterTheQueueWasEmptied) {
    const auto stand_for = [this](unsigned ms_max) {
        for (int i = 0; i < 200; ++i) {
            push({.flow = 1});
        }
        pass(20);
        for (unsigned ms = 0; ms < ms_max; ++ms, pass(1)) {
            ASSERT_TRUE(pop());
        }
    };
    stand_for(99);
    while (queue->drop_fattest()) {
    }
    EXPECT_FALSE(pop());
    stand_for(100);
    EXPECT_EQ(queue->counters().dropped, 0U);
}

TEST_F(FlowQueueCodel, LosesWhatNobodyWaitsForAnyMore) {
    for (int i = 0; i < 5; ++i) {
        push({.flow = 1});
    }
    push({.flow = 2, .payload = 40 * test::kMss, .mss = test::kMss});
    ASSERT_TRUE(pop());
    now = now + FlowQueueOptions{}.age_max + base::milliseconds(1);
    push({.flow = 3});
    const auto left = pop();
    ASSERT_TRUE(left);
    EXPECT_EQ(left->flow, 3);
    EXPECT_FALSE(pop());
    EXPECT_EQ(queue->counters().dropped, 5U);
    EXPECT_TRUE(queue->empty());
}

TEST_F(FlowQueueCodel, JudgesFlowsByThemselves) {
    for (int i = 0; i < 400; ++i) {
        push({.flow = 1});
    }
    std::size_t sparse = 0;
    for (int i = 0; i < 150; ++i) {
        push({.flow = 2, .payload = 60});
        for (int j = 0; j < 2; ++j) {
            pass(1);
            sparse += pop()->flow == 2 ? 1U : 0U;
        }
    }
    EXPECT_GT(queue->counters().dropped, 2U);
    EXPECT_EQ(sparse, 150U);
}

TEST_F(FlowQueueCodel, LosesOneSegmentOfASuperPacket) {
    for (int i = 0; i < 4; ++i) {
        push(bulk(1));
    }
    pass(20);
    std::vector<std::uint32_t> gaps;
    std::uint32_t place = 0;
    for (unsigned ms = 0; ms < 150; ++ms) {
        const auto left = pop();
        ASSERT_TRUE(left);
        if (left->place != place) {
            gaps.push_back(left->place - place);
        }
        place = left->place + static_cast<std::uint32_t>(left->payload);
        pass(1);
    }
    EXPECT_EQ(gaps, std::vector<std::uint32_t>{kMss});
    EXPECT_EQ(queue->counters().dropped, 1U);
}

TEST_F(FlowQueueCodel, MarksInsteadOfLosingWhatIsEcnCapable) {
    for (const auto ecn : {net::Ecn::Ect0, net::Ecn::Ect1}) {
        restart({});
        for (int i = 0; i < 200; ++i) {
            push({.flow = 1, .ecn = ecn});
        }
        pass(20);
        std::vector<unsigned> marked;
        for (unsigned ms = 0; ms < 200; ++ms) {
            if (pop().value().ecn == net::Ecn::Ce) {  // read_segment checks the checksum
                marked.push_back(ms);
            }
            pass(1);
        }
        // The last packets are spared, because little stands behind them.
        EXPECT_EQ(marked, std::vector<unsigned>{100});
        EXPECT_EQ(queue->counters().marked, 1U);
        EXPECT_EQ(queue->counters().dropped, 0U);
    }
}

TEST_F(FlowQueueCodel, MarksTheRestOfASuperPacket) {
    for (int i = 0; i < 4; ++i) {
        push(bulk(1, 40, net::Ecn::Ect0));
    }
    pass(20);
    std::vector<unsigned> marked;
    for (unsigned i = 0; i < 150; ++i) {
        if (pop().value().ecn == net::Ecn::Ce) {
            marked.push_back(i);
        }
        pass(1);
    }
    // The signal comes with segment 100 and its super-packet ends with 119.
    ASSERT_EQ(marked.size(), 20U);
    EXPECT_EQ(marked.front(), 100U);
    EXPECT_EQ(marked.back(), 119U);
    EXPECT_EQ(queue->counters().marked, 1U);
    EXPECT_EQ(queue->counters().dropped, 0U);
}

TEST_F(FlowQueueCodel, SparesWhatIsMarkedAlready) {
    for (int i = 0; i < 200; ++i) {
        push({.flow = 1, .ecn = net::Ecn::Ce});
    }
    pass(20);
    for (int i = 0; i < 200; ++i) {
        EXPECT_TRUE(pop());
        pass(1);
    }
    EXPECT_EQ(queue->counters().marked, 0U);
    EXPECT_EQ(queue->counters().dropped, 0U);
}

}  // namespace
}  // namespace qe::node
