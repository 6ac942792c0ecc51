// SPDX-License-Identifier: Apache-2.0
#include "node/traffic/rate_cap.h"

#include <gtest/gtest.h>

namespace qe::node {
namespace {

using base::Instant;
using base::milliseconds;

constexpr Instant kBegin = Instant::from_nanoseconds(1'000'000'000'000);
constexpr std::size_t kDatagram = 1400;
constexpr double kRate = 1e6;  // bytes per second

/// What leaves within `time` when there is always more to send.
std::size_t carried(RateCap& cap, Instant from, base::Duration time) {
    std::size_t sum = 0;
    for (Instant now = from; now < from + time;) {
        while (cap.room(now) != 0) {
            cap.take(now, kDatagram);
            sum += kDatagram;
        }
        now = std::max(cap.next_at(now), now + base::microseconds(1));
    }
    return sum;
}

TEST(RateCap, AllowsItsRateAndOneBurst) {
    RateCap cap(kRate);
    const std::size_t bytes = carried(cap, kBegin, base::seconds(10));
    EXPECT_GE(bytes, 10 * static_cast<std::size_t>(kRate));
    EXPECT_LE(bytes, 10 * static_cast<std::size_t>(kRate) + RateCap::kBurstMin + 2 * kDatagram);
}

TEST(RateCap, SavesNoMoreThanABurst) {
    RateCap cap(kRate);
    EXPECT_EQ(cap.room(kBegin), static_cast<std::size_t>(RateCap::kBurstMin));
    EXPECT_EQ(cap.room(kBegin + base::seconds(100)), static_cast<std::size_t>(RateCap::kBurstMin));
    RateCap fast(100 * kRate);
    EXPECT_EQ(fast.room(kBegin), static_cast<std::size_t>(kRate));  // 10 ms of it
}

TEST(RateCap, WhatWasTooMuchIsPaidOffFirst) {
    RateCap cap(kRate);
    cap.take(kBegin, static_cast<std::size_t>(RateCap::kBurstMin) + 50'000);
    const Instant next = cap.next_at(kBegin);
    EXPECT_EQ(next, kBegin + base::microseconds(51'500));
    EXPECT_EQ(cap.room(kBegin + milliseconds(49)), 0U);
    EXPECT_NE(cap.room(next), 0U);
}

}  // namespace
}  // namespace qe::node
