// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>
#include <utility>

#include "node/links/path_keeper.h"
#include "node/uplinks.h"

namespace qe::node {
namespace {

using Numbers = std::vector<std::uint32_t>;
using Pairs = std::vector<PathPair>;

TEST(MissingPaths, PairUplinksOneToOneAndTheRestInTurn) {
    EXPECT_EQ(missing_paths(Numbers{1}, Numbers{0}, Pairs{}), (Pairs{{1, 0}}));
    EXPECT_EQ(missing_paths(Numbers{1, 2, 3}, Numbers{0}, Pairs{}),
              (Pairs{{1, 0}, {2, 0}, {3, 0}}));
    EXPECT_EQ(missing_paths(Numbers{1, 2}, Numbers{7, 8}, Pairs{}), (Pairs{{1, 7}, {2, 8}}));
    EXPECT_EQ(missing_paths(Numbers{1}, Numbers{7, 8}, Pairs{}), (Pairs{{1, 7}, {1, 8}}));
}

TEST(MissingPaths, LeaveAloneWhatThereIs) {
    EXPECT_EQ(missing_paths(Numbers{1, 2}, Numbers{7, 8}, Pairs{{1, 8}}), (Pairs{{2, 7}}));
    EXPECT_EQ(missing_paths(Numbers{1, 2}, Numbers{7, 8}, Pairs{{1, 8}, {2, 7}}), Pairs{});
    EXPECT_EQ(missing_paths(Numbers{1, 2}, Numbers{7}, Pairs{{1, 7}}), (Pairs{{2, 7}}));
}

TEST(MissingPaths, CoverEveryUplinkWithAsFewAsTheRicherEndHas) {
    std::mt19937 random(3);
    for (int round = 0; round < 2'000; ++round) {
        Numbers ours(1 + random() % 6);
        Numbers theirs(1 + random() % 6);
        std::iota(ours.begin(), ours.end(), 1U);
        std::iota(theirs.begin(), theirs.end(), 11U);
        Pairs existing;
        for (std::size_t i = random() % 4; i > 0; --i) {
            existing.push_back({ours[random() % ours.size()], theirs[random() % theirs.size()]});
        }
        const Pairs missing = missing_paths(ours, theirs, existing);
        std::set<std::uint32_t> seen_ours;
        std::set<std::uint32_t> seen_theirs;
        for (const Pairs* list : {&std::as_const(existing), &missing}) {
            for (const PathPair& pair : *list) {
                seen_ours.insert(pair.ours);
                seen_theirs.insert(pair.theirs);
            }
        }
        EXPECT_EQ(seen_ours.size(), ours.size());
        EXPECT_EQ(seen_theirs.size(), theirs.size());
        EXPECT_LE(missing.size(), std::max(ours.size(), theirs.size()));
        for (const PathPair& pair : missing) {
            EXPECT_EQ(std::count(existing.begin(), existing.end(), pair), 0);
        }
    }
}

}  // namespace
}  // namespace qe::node
