// SPDX-License-Identifier: Apache-2.0
#include "quicether/multipath/path_state.h"

#include <set>

#include <gtest/gtest.h>

namespace qe::multipath {
namespace {

bool carries_traffic(PathState state) {
    return state == PathState::Active || state == PathState::Degraded;
}

/// The machine once more, as rules.
PathState by_rules(PathState state, PathNews news) {
    switch (news) {
        case PathNews::LinkDown:
        case PathNews::Silent:
            return PathState::Failed;  // From anywhere.
        case PathNews::LinkUp:
            return state == PathState::Failed ? PathState::Probing : state;
        case PathNews::Answers:
            if (state == PathState::Failed) {
                return PathState::Probing;
            }
            return state == PathState::Probing ? PathState::Active : state;
        case PathNews::Doubtful:
        case PathNews::Impaired:
            return carries_traffic(state) ? PathState::Degraded : state;
        case PathNews::Healthy:
            return carries_traffic(state) ? PathState::Active : state;
    }
    ADD_FAILURE() << "unknown news";
    return state;
}

TEST(PathState, FollowsTheRulesInEveryStateOnAnyNews) {
    std::size_t steps = 0;
    for (const PathState state : kPathStates) {
        for (const PathNews news : kPathNews) {
            EXPECT_EQ(next_state(state, news), by_rules(state, news))
                << to_text(state) << " on news " << static_cast<int>(news);
            ++steps;
        }
    }
    EXPECT_EQ(steps, 28U);
}

TEST(PathState, ReachesEveryStateFromEveryOther) {
    for (const PathState start : kPathStates) {
        std::set<PathState> reached = {start};
        for (std::size_t before = 0; before != reached.size();) {
            before = reached.size();
            const std::set<PathState> known = reached;
            for (const PathState state : known) {
                for (const PathNews news : kPathNews) {
                    reached.insert(next_state(state, news));
                }
            }
        }
        EXPECT_EQ(reached.size(), kPathStates.size()) << to_text(start);
    }
}

TEST(PathState, LeavesFailedByProbingAlone) {
    for (const PathNews news : kPathNews) {
        const PathState next = next_state(PathState::Failed, news);
        EXPECT_TRUE(next == PathState::Failed || next == PathState::Probing);
    }
}

TEST(PathState, CarriesTrafficFirstAfterAnAnswer) {
    for (const PathNews news : kPathNews) {
        EXPECT_EQ(carries_traffic(next_state(PathState::Probing, news)), news == PathNews::Answers);
    }
}

TEST(PathState, EachHasAName) {
    std::set<std::string_view> names;
    for (const PathState state : kPathStates) {
        names.insert(to_text(state));
    }
    EXPECT_EQ(names, (std::set<std::string_view>{"probing", "active", "degraded", "failed"}));
}

}  // namespace
}  // namespace qe::multipath
