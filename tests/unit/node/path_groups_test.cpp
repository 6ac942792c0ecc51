// SPDX-License-Identifier: Apache-2.0
#include "node/traffic/path_groups.h"

#include <vector>

#include <gtest/gtest.h>

namespace qe::node {
namespace {

using base::milliseconds;
constexpr base::Instant kNow = base::Instant() + base::seconds(100);

/// Paths 0, 1, … with these round trips.
struct Paths {
    explicit Paths(const std::vector<int>& round_trips_ms) : links(round_trips_ms.size()) {
        for (const int ms : round_trips_ms) {
            const std::size_t i = views.count++;
            const auto index = static_cast<multipath::PathIndex>(i);
            links[i].index = index;
            links[i].monitor.emplace(kNow);
            views.links[i] = &links[i];
            views.floors[i] = milliseconds(ms);
            views.views[i] = {.path = index, .room = 1500, .rtt = milliseconds(ms)};
        }
    }
    std::vector<Link> links;
    PathViews views;
};

config::Config scheduled(const char* name) {
    config::Config config;
    config.multipath.scheduler = name;
    return config;
}

TEST(PathGroups, ASatelliteIsAGroupOfItsOwn) {
    const Paths paths({10, 30, 600});
    Bond bond(scheduled("adaptive"));
    regroup(kNow, bond, paths.views);
    EXPECT_EQ(bond.group_count, 2U);
    EXPECT_EQ(paths.links[0].group, paths.links[1].group);
    EXPECT_NE(paths.links[0].group, paths.links[2].group);
    EXPECT_EQ(bond.groups[paths.links[0].group].rtt, milliseconds(30));
    EXPECT_EQ(bond.groups[paths.links[2].group].rtt, milliseconds(600));
    const PathViews quick = paths.views.of_group(paths.links[0].group);
    ASSERT_EQ(quick.count, 2U);
    EXPECT_EQ(quick.find(1), 1U);
    EXPECT_EQ(quick.find(2), quick.count);
    EXPECT_GT(bond.regroup_at, kNow);
}

TEST(PathGroups, OtherSchedulersMakeOne) {
    const Paths paths({10, 600});
    Bond bond(scheduled("weighted"));
    regroup(kNow, bond, paths.views);
    EXPECT_EQ(bond.group_count, 1U);
    EXPECT_EQ(paths.views.of_group(0).count, 2U);
    EXPECT_EQ(bond.groups[0].rtt, milliseconds(600));
}

TEST(PathGroups, ThePathsAreLookedAtAgainWhenTheyChange) {
    const Paths two({10, 30});
    Bond bond(scheduled("adaptive"));
    regroup(kNow, bond, two.views);
    const Paths three({10, 30, 20});
    EXPECT_NE(bond.grouped, multipath::set_of(three.views.span()));
    EXPECT_EQ(bond.grouped, multipath::set_of(two.views.span()));
}

TEST(QuickestPath, StaysAmongThoseAboutAsQuick) {
    const Paths paths({10, 11});
    EXPECT_EQ(quickest_of(paths.views, 1), 1);
    EXPECT_EQ(quickest_of(paths.views, 0), 0);
}

TEST(QuickestPath, ChangesForAMuchQuickerOneAndWhenItIsGone) {
    const Paths paths({10, 20});
    EXPECT_EQ(quickest_of(paths.views, 1), 0);
    EXPECT_EQ(quickest_of(paths.views, 3), 0);
}

TEST(QuickestPath, DoesNotMoveAwayForAQueueOfItsOwnBulk) {
    Paths paths({10, 30});
    paths.views.views[0].rtt = milliseconds(29);
    paths.views.views[1].rtt = milliseconds(33);
    EXPECT_EQ(quickest_of(paths.views, 0), 0);
    EXPECT_EQ(quickest_of(paths.views, 1), 0);
    paths.views.views[0].rtt = milliseconds(200);
    EXPECT_EQ(quickest_of(paths.views, 0), 1) << "that is no short queue";
}

}  // namespace
}  // namespace qe::node
