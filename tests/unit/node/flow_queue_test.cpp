// SPDX-License-Identifier: Apache-2.0
#include "node/traffic/flow_queue.h"

#include <algorithm>
#include <array>
#include <map>

#include <gtest/gtest.h>

#include "flow_queue_fixture.h"
#include "quicether/base/rng.h"

namespace qe::node {
namespace {

using test::bulk;
using test::FlowQueueTest;
using test::kHeaders;
using test::kMss;
using test::kPacketMax;
using test::Left;
using test::Shape;

TEST_F(FlowQueueTest, HandsOutNothingWhenEmpty) {
    EXPECT_TRUE(queue->empty());
    EXPECT_FALSE(pop());
    EXPECT_FALSE(queue->drop_fattest());
}

TEST_F(FlowQueueTest, KeepsTheOrderOfAFlow) {
    for (int i = 0; i < 20; ++i) {
        push({.flow = 3, .payload = 100});
        push(bulk(3, 5));
        push({.flow = 3, .payload = 7});
    }
    std::uint32_t place = 0;
    for (const Left& left : drain()) {
        EXPECT_EQ(left.place, place);
        place += static_cast<std::uint32_t>(left.payload);
    }
    EXPECT_EQ(place, places[3]);
    EXPECT_EQ(pool.bytes_used(), 0U);
}

TEST_F(FlowQueueTest, CountsTheBytesThatWait) {
    push(bulk(1, 2));
    push({.flow = 1, .payload = 60});
    EXPECT_EQ(queue->bytes(), kHeaders + 2 * kMss + kHeaders + 60);
    ASSERT_TRUE(pop());
    EXPECT_EQ(queue->bytes(), kHeaders + kMss + kHeaders + 60);
    ASSERT_TRUE(pop());
    EXPECT_EQ(queue->bytes(), kHeaders + 60);
    ASSERT_TRUE(pop());
    EXPECT_TRUE(queue->empty());
}

TEST_F(FlowQueueTest, CutsToTheSizeAskedForAtThatMoment) {
    push({.flow = 1, .payload = 3 * kMss, .mss = kMss});
    EXPECT_EQ(pop()->size(), kPacketMax);
    EXPECT_EQ(pop(600)->size(), 600U);
    EXPECT_EQ(pop(1000)->size(), 1000U);
    std::size_t payload = kMss + 560 + 960;
    while (const auto left = pop()) {
        payload += left->payload;
    }
    EXPECT_EQ(payload, 3 * kMss);
}

TEST_F(FlowQueueTest, CutsOnePacketOnlyWhenItIsTooLarge) {
    for (const std::size_t packet_bytes_max : {std::size_t{1000}, std::size_t{600}}) {
        const QueuedPacket packet{.slot = pool.take(1000),
                                  .size = 1000,
                                  .offload = {.checksum_partial = true, .transport_offset = 20},
                                  .flow_hash = 1};
        test::write_packet(pool.bytes(packet.slot).first(1000), {.flow = 1, .payload = 960}, 0);
        queue->push(now, packet);
        const auto segment = queue->pop(now, packet_bytes_max);
        EXPECT_TRUE(segment->checksum_partial);
        EXPECT_EQ(segment->header.empty(), packet_bytes_max == 1000);
        EXPECT_EQ(test::read_segment(*segment).size(), packet_bytes_max);
        const auto rest = pop();
        EXPECT_EQ(rest.has_value(), packet_bytes_max == 600);
        EXPECT_EQ(rest.value_or(Left{.payload = 400}).payload, 400U);
        EXPECT_FALSE(pop());
        EXPECT_EQ(pool.bytes_used(), 0U);
    }
}

TEST_F(FlowQueueTest, KeepsViewsUntilTheNextPop) {
    push({.flow = 1, .payload = 100});
    push({.flow = 2, .payload = 100});
    const auto segment = queue->pop(now, kPacketMax);
    push({.flow = 3, .payload = 100});  // must not get the slot that was just read
    EXPECT_EQ(test::read_segment(*segment).flow, 1);
    EXPECT_EQ(pool.bytes_used(), 3 * PacketPool::kSlotBytes[0]);
    EXPECT_EQ(pop()->flow, 2);
    EXPECT_EQ(pool.bytes_used(), 2 * PacketPool::kSlotBytes[0]);
}

TEST_F(FlowQueueTest, LetsASparseFlowPassBulk) {
    push(bulk(1));
    push(bulk(2));
    for (int i = 0; i < 8; ++i) {
        ASSERT_TRUE(pop());
    }
    for (int i = 0; i < 10; ++i) {
        push({.flow = 9, .payload = 60});
        EXPECT_EQ(pop()->flow, 9);
        // It was empty: it stays a sparse one only after a round of the others.
        for (int j = 0; j < 6; ++j) {
            EXPECT_NE(pop()->flow, 9);
        }
    }
}

TEST_F(FlowQueueTest, EndsABulkFlowsTurnWithinASuperPacket) {
    push(bulk(1));
    ASSERT_EQ(pop()->flow, 1);
    push({.flow = 9, .payload = 60});
    std::size_t ahead = 0;
    for (auto left = pop(); left && left->flow != 9; left = pop()) {
        ahead += left->size();
    }
    EXPECT_LE(ahead, kPacketMax);
    EXPECT_EQ(pop()->place, kMss + ahead / kPacketMax * kMss);
}

TEST_F(FlowQueueTest, DoesNotLetAFlowOfManySmallPacketsStarveBulk) {
    push(bulk(1));
    ASSERT_TRUE(pop());
    ASSERT_TRUE(pop());
    std::size_t small = 0;
    std::size_t large = 0;
    for (int i = 0; i < 300; ++i) {
        push({.flow = 2, .payload = 60});  // always one waits, sometimes two
        const auto left = pop();
        (left->flow == 2 ? small : large) += left->size();
    }
    EXPECT_GT(large, small / 2);
}

TEST_F(FlowQueueTest, DoesNotLetAFlowComeBackAsNewAtOnce) {
    for (const std::uint16_t flow : std::array<std::uint16_t, 3>{1, 3, 4}) {
        push(bulk(flow));
        push(bulk(flow));
        push(bulk(flow));
    }
    int others = 1;
    int returning = 0;
    for (int i = 0; i < 300; ++i) {
        if (others == 1) {  // it was found empty by then
            push({.flow = 2});
        }
        const bool is_other = pop()->flow != 2;
        others = is_other ? others + 1 : 0;
        returning += is_other ? 0 : 1;
    }
    EXPECT_LT(returning, 110);  // a fair share is 75, half the turns 150
}

TEST_F(FlowQueueTest, SharesBytesBetweenBulkFlowsOfUnequalPackets) {
    for (int i = 0; i < 2; ++i) {
        push(bulk(1));
        push({.flow = 2, .payload = 50'000, .mss = 300});
    }
    std::array<std::size_t, 3> sent{};
    while (queue->bytes() > 60'000) {
        const auto left = pop();
        sent.at(left->flow) += left->size();
        const auto difference = std::max(sent[1], sent[2]) - std::min(sent[1], sent[2]);
        ASSERT_LE(difference, 3 * 1500U);
    }
    EXPECT_GT(sent[1], 20'000U);
}

TEST_F(FlowQueueTest, SpreadsTurnsOverManyFlows) {
    for (std::uint16_t flow = 0; flow < 100; ++flow) {
        for (int i = 0; i < 3; ++i) {
            push({.flow = flow, .payload = 1460});
        }
    }
    std::map<std::uint16_t, int> count;
    for (int i = 0; i < 100; ++i) {
        ++count[pop()->flow];
    }
    EXPECT_EQ(count.size(), 100U);
}

// -- Bounds ---------------------------------------------------------------------------------------

TEST_F(FlowQueueTest, TakesOverflowFromTheFattestFlow) {
    restart({.bytes_max = 100'000});
    for (int i = 0; i < 10; ++i) {
        push({.flow = 1, .payload = 960});
    }
    for (int i = 0; i < 3; ++i) {
        push(bulk(2));
        EXPECT_LE(queue->bytes(), 100'000U);
    }
    EXPECT_EQ(queue->counters().overflowed, 2U);
    std::map<std::uint16_t, std::size_t> payload;
    std::map<std::uint16_t, std::uint32_t> first;
    for (const Left& left : drain()) {
        payload[left.flow] += left.payload;
        first.try_emplace(left.flow, left.place);
    }
    EXPECT_EQ(payload[1], 10U * 960);
    EXPECT_EQ(payload[2], 40 * kMss);
    EXPECT_EQ(first[2], 2 * 40 * kMss);
    EXPECT_EQ(pool.bytes_used(), 0U);
}

TEST_F(FlowQueueTest, KeepsTheNewestOfAFlowThatHoldsTooMuch) {
    restart({.flow_bytes_max = 20'000, .flow_packets_max = 10});
    push({.flow = 2, .payload = 960});
    for (int i = 0; i < 30; ++i) {
        push({.flow = 1, .payload = 960});  // by packets
    }
    push(bulk(3));
    push(bulk(3));  // by bytes, but never the only one
    EXPECT_EQ(queue->counters().overflowed, 21U);
    std::map<std::uint16_t, std::uint32_t> first;
    std::map<std::uint16_t, std::size_t> payload;
    for (const Left& left : drain()) {
        payload[left.flow] += left.payload;
        first.try_emplace(left.flow, left.place);
    }
    EXPECT_EQ(payload[2], 960U);
    EXPECT_EQ(payload[1], 10U * 960);
    EXPECT_EQ(first[1], 20U * 960);
    EXPECT_EQ(payload[3], 40 * kMss);
    EXPECT_EQ(first[3], 40 * kMss);
}

TEST_F(FlowQueueTest, MakesRoomByDroppingTheRestOfASuperPacket) {
    push(bulk(1));
    push({.flow = 2, .payload = 60});
    ASSERT_EQ(pop()->flow, 1);
    EXPECT_TRUE(queue->drop_fattest());
    EXPECT_EQ(queue->bytes(), kHeaders + 60);
    EXPECT_EQ(pool.bytes_used(), PacketPool::kSlotBytes[0]);
    push(bulk(1, 2));  // the cutter must begin anew
    EXPECT_EQ(pop()->flow, 1);
    EXPECT_EQ(drain().size(), 2U);
    EXPECT_FALSE(queue->drop_fattest());
    EXPECT_EQ(queue->counters().overflowed, 1U);
    EXPECT_EQ(pool.bytes_used(), 0U);
}

TEST_F(FlowQueueTest, RefusesOffloadsThatContradictThePacket) {
    const auto push_raw = [this](const net::Offload& offload) {
        const PacketSlot slot = pool.take(1000);
        test::write_packet(pool.bytes(slot).first(1000), {.flow = 1, .payload = 960}, 0);
        queue->push(now, {.slot = slot, .size = 1000, .offload = offload, .flow_hash = 1});
    };
    push_raw({.segmentation = net::Segmentation::Udp,
              .checksum_partial = true,
              .segment_bytes = 100,
              .transport_offset = 20});
    push_raw({.segmentation = net::Segmentation::Tcp,
              .checksum_partial = true,
              .segment_bytes = 100,
              .transport_offset = 990});
    EXPECT_EQ(queue->counters().malformed, 2U);
    EXPECT_TRUE(queue->empty());
    EXPECT_EQ(pool.bytes_used(), 0U);
}

TEST_F(FlowQueueTest, ReleasesItsSlotsWhenItEnds) {
    push(bulk(1));
    push({.flow = 1, .payload = 60});
    push({.flow = 2, .payload = 60});
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(pop());
    }
    EXPECT_GT(pool.bytes_used(), 0U);
    queue.reset();
    EXPECT_EQ(pool.bytes_used(), 0U);
}

TEST_F(FlowQueueTest, IsUsableAfterItWasCleared) {
    push(bulk(1));
    push({.flow = 1, .payload = 60});
    push({.flow = 2, .payload = 60});
    ASSERT_TRUE(pop());
    EXPECT_GE(queue->clear(), 2U);
    EXPECT_EQ(pool.bytes_used(), 0U);
    EXPECT_TRUE(queue->empty());
    EXPECT_EQ(queue->counters().overflowed, 0U);
    EXPECT_FALSE(pop());
    push({.flow = 1, .payload = 60});
    EXPECT_TRUE(pop());
}

// -- Everything at once ---------------------------------------------------------------------------

class FlowQueueProperty : public FlowQueueTest {
  protected:
    void push_one(base::Rng& rng) {
        const auto segments = rng.below(3) == 0 ? 1 + rng.below(40) : 1;
        const std::size_t before = queue->bytes();
        const Shape shape{.flow = static_cast<std::uint16_t>(rng.below(12)),
                          .payload = segments * kMss,
                          .mss = segments > 1 || rng.below(2) == 0 ? kMss : 0,
                          .ecn = static_cast<net::Ecn>(rng.below(3))};
        push(shape);
        count_overflow(before + kHeaders + shape.payload);
        pushed += segments;
    }

    void drop_one() {
        const std::size_t before = queue->bytes();
        queue->drop_fattest();
        count_overflow(before);
    }

    /// `expected` bytes would wait if nothing had been lost. All payload comes in units of kMss.
    void count_overflow(std::size_t expected) {
        const std::uint64_t packets = queue->counters().overflowed - overflowed;
        overflowed += packets;
        const std::size_t lost = expected - queue->bytes() - packets * kHeaders;
        ASSERT_EQ(lost % kMss, 0U);
        lost_units += lost / kMss;
    }

    bool pop_one() {
        const auto left = pop();
        if (!left) {
            return false;
        }
        EXPECT_EQ(left->payload, kMss);
        EXPECT_GE(left->place, expected_place[left->flow]);
        expected_place[left->flow] = left->place + kMss;
        ++popped;
        return true;
    }

    std::map<std::uint16_t, std::uint32_t> expected_place;
    std::uint64_t pushed = 0;
    std::uint64_t popped = 0;
    std::uint64_t overflowed = 0;
    std::uint64_t lost_units = 0;
};

TEST_F(FlowQueueProperty, WhatGoesInComesOutOnceAndInOrderOrIsCounted) {
    base::Rng rng(base::Rng::Seed{std::byte{7}});
    restart({.bytes_max = 600'000, .flows = 8});  // fewer buckets than flows
    for (int round = 0; round < 60; ++round) {
        const auto pushes_of_100 = 2 + rng.below(12);
        for (int step = 0; step < 400; ++step) {
            const auto what = rng.below(100);
            if (what < pushes_of_100) {
                push_one(rng);
            } else if (what == 99) {
                drop_one();
            } else {
                pop_one();
            }
            now = now + base::microseconds(rng.below(1000));
        }
    }
    EXPECT_GE(queue->counters().dropped, 5U);
    EXPECT_GE(queue->counters().marked, 5U);
    EXPECT_GT(overflowed, 100U);
    while (pop_one()) {
    }
    EXPECT_TRUE(queue->empty());
    EXPECT_EQ(pushed, popped + queue->counters().dropped + lost_units);
    EXPECT_EQ(pool.bytes_used(), 0U);
}

}  // namespace
}  // namespace qe::node
