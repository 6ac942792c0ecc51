// SPDX-License-Identifier: Apache-2.0
#include "quicether/multipath/flow_placer.h"

#include <algorithm>

#include "quicether/base/assert.h"

namespace qe::multipath {

namespace {

double seconds_of(base::Duration duration) noexcept {
    return std::max(std::chrono::duration<double>(duration).count(), 1e-4);
}

}  // namespace

std::size_t make_groups(std::span<const base::Duration> round_trips,
                        std::span<GroupIndex> groups) noexcept {
    QE_ASSERT(round_trips.size() == groups.size());
    std::size_t count = 0;
    base::Duration last = base::Duration::min();  // the quickest of the group made last
    std::size_t placed = 0;
    while (placed < round_trips.size()) {
        base::Duration first = base::Duration::max();
        for (const base::Duration rtt : round_trips) {
            const bool is_placed = count > 0 && rtt - last <= kGroupSpread;
            first = is_placed ? first : std::min(first, rtt);
        }
        const bool is_last = count + 1 == kGroupsMax;
        for (std::size_t i = 0; i < round_trips.size(); ++i) {
            if (round_trips[i] >= first && (is_last || round_trips[i] - first <= kGroupSpread)) {
                groups[i] = static_cast<GroupIndex>(count);
                ++placed;
            }
        }
        last = first;
        ++count;
    }
    return count;
}

void FlowPlacer::set_groups(base::Instant now, std::span<const GroupFigures> figures) noexcept {
    groups_ = {};
    std::copy_n(figures.begin(), std::min(figures.size(), kGroupsMax), groups_.begin());
    counts_ = {};
    for (Place& place : places_) {
        if (groups_[place.group].paths == 0 || (place.counted && now >= place.bulk_until)) {
            place.stays_until = {};
            place.group = 0;
            place.counted = place.counted && now < place.bulk_until;
        }
        counts_[place.group] += place.counted ? 1U : 0U;
    }
}

GroupIndex FlowPlacer::handle_bulk(base::Instant now, std::uint32_t flow) noexcept {
    Place& place = places_[flow % kFlows];
    if (!place.counted) {
        place.counted = true;
        ++counts_[place.group];
    }
    place.bulk_until = now + kForgetAfter;
    if (now < place.stays_until) {
        return place.group;
    }
    GroupIndex best = place.group;
    double most = share(place.group, counts_[place.group]) * kGainMin;
    for (GroupIndex group = 0; group < kGroupsMax; ++group) {
        if (group != place.group && groups_[group].paths != 0) {
            const double here = share(group, counts_[group] + 1);
            if (here > most) {
                most = here;
                best = group;
            }
        }
    }
    if (best != place.group) {
        --counts_[place.group];
        ++counts_[best];
        place.group = best;
        place.stays_until = now + kStay;
    }
    return place.group;
}

void FlowPlacer::handle_sent(base::Instant now, std::uint32_t flow, std::size_t bytes) noexcept {
    Place& place = places_[flow % kFlows];
    if (!place.counted || place.group == 0) {
        return;
    }
    if (now - place.second_began >= base::seconds(1)) {
        place.second_began = now;
        place.second_bytes = 0;
    }
    place.second_bytes += bytes;
    if (place.second_bytes >= kBusyBytes) {
        place.bulk_until = now + kForgetAfter;
    }
}

/// What one of so many flows gets there, in bytes per second. While the rate of a group is unknown
/// its paths are held to be like those that are known, or all alike.
double FlowPlacer::share(GroupIndex group, std::size_t flows) const noexcept {
    double known_rate = 0;
    std::size_t known_paths = 0;
    for (const GroupFigures& figures : groups_) {
        if (figures.rate > 0) {
            known_rate += figures.rate;
            known_paths += figures.paths;
        }
    }
    const double path_rate = known_paths == 0 ? 1.0 : known_rate / static_cast<double>(known_paths);
    const GroupFigures& figures = groups_[group];
    const double rate =
        figures.rate > 0 ? figures.rate : path_rate * static_cast<double>(figures.paths);
    const double window_rate = kFlowWindow / seconds_of(figures.rtt);
    const double fair = rate / static_cast<double>(std::max<std::size_t>(flows, 1));
    return known_paths == 0 ? fair : std::min(fair, window_rate);
}

}  // namespace qe::multipath
