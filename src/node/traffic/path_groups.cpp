// SPDX-License-Identifier: Apache-2.0
#include "node/traffic/path_groups.h"

#include <algorithm>

namespace qe::node {
namespace {

using multipath::Discipline;
using multipath::GroupIndex;

constexpr base::Duration kRegroupPause = base::milliseconds(100);
/// A group that had more to send than room so lately delivers what it can.
constexpr base::Duration kFilledFor = base::seconds(1);

/// Whether the paths of a group together are worth it.
void judge(base::Instant now, Bond::Group& group, const PathViews& mine) {
    std::array<multipath::BondJudge::PathFigures, multipath::kPathsMax> figures{};
    for (std::size_t i = 0; i < mine.count; ++i) {
        figures[i] = {.path = mine.views[i].path,
                      .bytes_delivered = mine.bytes_delivered[i],
                      .rate = mine.links[i]->monitor->delivery_rate(),
                      .rtt = mine.floors[i]};
    }
    group.judge.observe(now, std::span(figures).first(mine.count), group.carried_bulk);
    group.carried_bulk = false;
}

}  // namespace

std::size_t PathViews::find(std::optional<multipath::PathIndex> path) const noexcept {
    std::size_t at = path ? 0 : count;
    while (at < count && views[at].path != *path) {
        ++at;
    }
    return at;
}

PathViews PathViews::of_group(GroupIndex group) const noexcept {
    PathViews mine;
    for (std::size_t i = 0; i < count; ++i) {
        if (links[i]->group == group) {
            mine.links[mine.count] = links[i];
            mine.floors[mine.count] = floors[i];
            mine.bytes_delivered[mine.count] = bytes_delivered[i];
            mine.views[mine.count++] = views[i];
        }
    }
    return mine;
}

void regroup(base::Instant now, Bond& bond, const PathViews& views) {
    const bool makes_groups = bond.scheduler().discipline() == Discipline::Groups;
    std::array<GroupIndex, multipath::kPathsMax> groups{};
    bond.group_count = makes_groups
                           ? multipath::make_groups(std::span(views.floors).first(views.count),
                                                    std::span(groups).first(views.count))
                           : 1;
    std::array<multipath::GroupFigures, multipath::kGroupsMax> figures{};
    for (std::size_t i = 0; i < views.count; ++i) {
        const Bond::Group& group = bond.groups[groups[i]];
        views.links[i]->group = groups[i];
        const auto alone = group.judge.alone();
        if (alone && *alone != views.views[i].path) {
            continue;
        }
        multipath::GroupFigures& sum = figures[groups[i]];
        ++sum.paths;
        sum.rtt = std::max(sum.rtt, views.floors[i]);
        const bool full = now - group.filled_at < kFilledFor;
        sum.rate += full ? views.links[i]->monitor->delivery_rate() : 0;
    }
    for (GroupIndex index = 0; index < bond.group_count; ++index) {
        bond.groups[index].rtt = figures[index].rtt;
        if (makes_groups) {
            judge(now, bond.groups[index], views.of_group(index));
        }
    }
    bond.placer.set_groups(now, figures);
    bond.grouped = multipath::set_of(views.span());
    bond.regroup_at = now + kRegroupPause;
}

multipath::PathIndex quickest_of(const PathViews& paths, multipath::PathIndex present) noexcept {
    const auto usual = [&paths](std::size_t i) {
        return (paths.views[i].rtt + paths.floors[i]) / 2;
    };
    std::size_t best = 0;
    for (std::size_t i = 1; i < paths.count; ++i) {
        best = usual(i) < usual(best) ? i : best;
    }
    const std::size_t known = paths.find(present);
    const bool stays =
        known < paths.count && usual(known) - usual(best) < usual(best) / 8 + base::milliseconds(1);
    return paths.views[stays ? known : best].path;
}

}  // namespace qe::node
