// SPDX-License-Identifier: Apache-2.0
#include <map>
#include <vector>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"
#include "quicether/multipath/scheduler.h"

namespace qe::multipath {
namespace {

PathView view(PathIndex path, std::size_t room = 10'000) {
    PathView result;
    result.path = path;
    result.room = room;
    return result;
}

/// Sends a datagram where the scheduler wants it; kPathsMax for nowhere.
PathIndex send(Scheduler& scheduler, const std::vector<PathView>& paths) {
    const Grant grant = scheduler.next(paths);
    for (const PathView& shown : paths) {
        if (grant.paths == set_of(shown.path)) {
            EXPECT_EQ(grant.bytes, Grant::kOneDatagram);
            scheduler.handle_sent(shown.path, 1000);
            return shown.path;
        }
    }
    EXPECT_EQ(grant.paths, 0);
    return kPathsMax;
}

TEST(RoundRobin, TakesTurns) {
    const auto scheduler = make_round_robin();
    EXPECT_EQ(scheduler->name(), "round_robin");
    const std::vector paths = {view(0), view(2), view(7)};
    for (int i = 0; i < 10; ++i) {
        EXPECT_EQ(send(*scheduler, paths), 0);
        EXPECT_EQ(send(*scheduler, paths), 2);
        EXPECT_EQ(send(*scheduler, paths), 7);
    }
}

TEST(RoundRobin, AsksForTheSamePathUntilSomethingLeft) {
    const auto scheduler = make_round_robin();
    const std::vector paths = {view(0), view(1)};
    EXPECT_EQ(scheduler->next(paths).paths, set_of(0));
    EXPECT_EQ(scheduler->next(paths).paths, set_of(0));
}

TEST(RoundRobin, WaitsForThePathWhoseTurnItIs) {
    const auto scheduler = make_round_robin();
    EXPECT_EQ(send(*scheduler, {view(0), view(1)}), 0);
    EXPECT_EQ(send(*scheduler, {view(0), view(1, 0)}), kPathsMax);
    EXPECT_EQ(send(*scheduler, {view(0), view(1)}), 1);
}

TEST(RoundRobin, SkipsAPathThatLeft) {
    const auto scheduler = make_round_robin();
    EXPECT_EQ(send(*scheduler, {view(0), view(1), view(2)}), 0);
    EXPECT_EQ(send(*scheduler, {view(0), view(2)}), 2);
    EXPECT_EQ(send(*scheduler, {view(1)}), 1);
    EXPECT_EQ(send(*scheduler, {view(0), view(1), view(2)}), 2);
    EXPECT_EQ(send(*scheduler, {view(0), view(1), view(2)}), 0);
}

TEST(RoundRobin, StaysExactWhateverRoomThereIs) {
    base::Rng rng({});
    const auto scheduler = make_round_robin();
    std::map<PathIndex, int> sent;
    for (int i = 0; i < 10'000; ++i) {
        ++sent[send(*scheduler, {view(0, rng.below(2)), view(1, rng.below(5)), view(2)})];
        ASSERT_LE(sent[0] - sent[2], 1);
        ASSERT_GE(sent[0], sent[1]);
        ASSERT_GE(sent[1], sent[2]);
    }
    EXPECT_GT(sent[2], 2000);
}

}  // namespace
}  // namespace qe::multipath
