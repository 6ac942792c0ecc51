// SPDX-License-Identifier: Apache-2.0
//
// Bond: what a session over several paths has besides its links.
//
// Made when a second path comes up or the first numbered datagram arrives, and kept for as long as
// the session: the numbers go on.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "quicether/base/time.h"
#include "quicether/config/config.h"
#include "quicether/multipath/bond_judge.h"
#include "quicether/multipath/flow_placer.h"
#include "quicether/multipath/repair_buffer.h"
#include "quicether/multipath/resequencer.h"
#include "quicether/multipath/scheduler.h"
#include "quicether/multipath/sequence.h"

namespace qe::node {

/// A group of paths has two lanes. Datagrams of other lanes are refused.
[[nodiscard]] constexpr multipath::Lane loose_lane(multipath::GroupIndex group) noexcept {
    return static_cast<multipath::Lane>(2 * group);
}
[[nodiscard]] constexpr multipath::Lane ordered_lane(multipath::GroupIndex group) noexcept {
    return static_cast<multipath::Lane>(2 * group + 1);
}
inline constexpr std::size_t kBondLanes = 2 * multipath::kGroupsMax;

struct Bond {
    /// Datagrams of a lane that wait for earlier ones, and those that wait to be acknowledged.
    static constexpr std::size_t kResequencerBytesMax = 16U << 20;
    static constexpr std::size_t kRepairBytesMax = 24U << 20;

    /// Paths with much the same round trip.
    struct Group {
        std::unique_ptr<multipath::Scheduler> scheduler;
        multipath::PathIndex quickest = 0;  ///< Of several about as quick it stays the same.
        base::Duration patience{0};         ///< What the receiver's buffer allows a late datagram.
        base::Duration rtt{0};              ///< Of its slowest path, without queues.
        std::size_t paths = 0;              ///< That may carry packets now.
        base::Instant filled_at;            ///< When it last had more to send than room.
        bool carried_bulk = false;          ///< Since the groups were last looked at.
        multipath::BondJudge judge;
    };

    [[nodiscard]] static std::array<multipath::Resequencer, kBondLanes> make_lanes() {
        using multipath::Resequencer;
        return {Resequencer(false, 0), Resequencer(true, kResequencerBytesMax),
                Resequencer(false, 0), Resequencer(true, kResequencerBytesMax),
                Resequencer(false, 0), Resequencer(true, kResequencerBytesMax)};
    }

    explicit Bond(const config::Config& config) {
        for (Group& group : groups) {
            group.scheduler = multipath::make_scheduler(
                {.name = config.multipath.scheduler,
                 .latency_threshold = config.multipath.latency_threshold});
        }
    }

    std::array<Group, multipath::kGroupsMax> groups;
    std::size_t group_count = 1;
    multipath::PathSet grouped = 0;  ///< The paths that were, at `regroup_at` once more.
    base::Instant regroup_at;
    multipath::FlowPlacer placer;
    std::array<multipath::Sequence, kBondLanes> next;  ///< To send, in each lane.
    multipath::RepairBuffer repair{kRepairBytesMax};
    std::array<multipath::Resequencer, kBondLanes> lanes = make_lanes();

    /// The peer's numbers begin anew.
    void forget_received() { lanes = make_lanes(); }

    [[nodiscard]] multipath::Scheduler& scheduler() const noexcept {
        return *groups.front().scheduler;
    }
};

/// As [multipath] asks for.
[[nodiscard]] inline std::unique_ptr<Bond> make_bond(const config::Config& config) {
    return std::make_unique<Bond>(config);
}

}  // namespace qe::node
