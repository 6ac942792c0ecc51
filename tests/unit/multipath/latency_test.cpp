// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include "quicether/multipath/scheduler.h"

namespace qe::multipath {
namespace {

using base::milliseconds;

PathView view(PathIndex path, int rtt_ms, std::size_t room) {
    PathView result;
    result.path = path;
    result.room = room;
    result.rtt = milliseconds(rtt_ms);
    return result;
}

TEST(Latency, PrefersTheShortestRoundTrip) {
    const auto scheduler = make_latency({});
    EXPECT_EQ(scheduler->name(), "latency");
    const std::vector paths = {view(0, 30, 5000), view(1, 10, 7000), view(2, 20, 9000)};
    const Grant grant = scheduler->next(paths);
    EXPECT_EQ(grant.paths, set_of(1));
    EXPECT_EQ(grant.bytes, 7000U);
    scheduler->handle_sent(1, 7000);
    EXPECT_EQ(scheduler->next(paths).paths, set_of(1));
}

TEST(Latency, SpillsOverToTheNextQuickest) {
    const auto scheduler = make_latency({});
    EXPECT_EQ(
        scheduler->next(std::vector{view(0, 300, 5000), view(1, 10, 0), view(2, 20, 9)}).paths,
        set_of(2));
    EXPECT_EQ(
        scheduler->next(std::vector{view(0, 300, 5000), view(1, 10, 0), view(2, 20, 0)}).paths,
        set_of(0));
    EXPECT_EQ(scheduler->next(std::vector{view(0, 300, 0), view(1, 10, 0)}).paths, 0);
}

TEST(Latency, SpillsNoFurtherThanTheThreshold) {
    const auto scheduler = make_latency(milliseconds(15));
    EXPECT_EQ(scheduler->next(std::vector{view(0, 10, 0), view(1, 25, 5000)}).paths, set_of(1));
    EXPECT_EQ(scheduler->next(std::vector{view(0, 10, 0), view(1, 26, 5000)}).paths, 0);
    // Alone it is the shortest.
    EXPECT_EQ(scheduler->next(std::vector{view(1, 26, 5000)}).paths, set_of(1));
}

TEST(Latency, TakesTheFirstOfEquals) {
    const auto scheduler = make_latency({});
    EXPECT_EQ(scheduler->next(std::vector{view(3, 10, 1), view(5, 10, 1)}).paths, set_of(3));
}

}  // namespace
}  // namespace qe::multipath
