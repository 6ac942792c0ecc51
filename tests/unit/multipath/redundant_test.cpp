// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include "quicether/multipath/scheduler.h"

namespace qe::multipath {
namespace {

PathView view(PathIndex path, std::size_t room) {
    PathView result;
    result.path = path;
    result.room = room;
    return result;
}

TEST(Redundant, CopiesToAllPathsAsFarAsTheFullestTakesIt) {
    const auto scheduler = make_redundant();
    EXPECT_EQ(scheduler->name(), "redundant");
    const Grant grant = scheduler->next(std::vector{view(0, 3000), view(1, 2000), view(7, 9000)});
    EXPECT_EQ(grant.paths, set_of(0) | set_of(1) | set_of(7));
    EXPECT_EQ(grant.bytes, 2000U);
}

TEST(Redundant, APathWithoutRoomMissesItsCopy) {
    const auto scheduler = make_redundant();
    const Grant grant = scheduler->next(std::vector{view(0, 0), view(1, 2000), view(2, 1000)});
    EXPECT_EQ(grant.paths, set_of(1) | set_of(2));
    EXPECT_EQ(grant.bytes, 1000U);
}

TEST(Redundant, ACopyMayWaitWhereThereIsNoRoomYet) {
    const auto scheduler = make_redundant();
    PathView full = view(0, 0);
    full.copies_may_wait = true;
    const Grant grant = scheduler->next(std::vector{full, view(1, 2000)});
    EXPECT_EQ(grant.paths, set_of(0) | set_of(1));
    EXPECT_EQ(grant.bytes, 2000U);
    EXPECT_EQ(scheduler->next(std::vector{full}).paths, 0);
}

TEST(Redundant, WaitsWhenNoPathHasRoom) {
    const auto scheduler = make_redundant();
    const Grant grant = scheduler->next(std::vector{view(0, 0), view(1, 0)});
    EXPECT_EQ(grant.paths, 0);
    EXPECT_EQ(grant.bytes, 0U);
}

}  // namespace
}  // namespace qe::multipath
