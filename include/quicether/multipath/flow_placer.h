// SPDX-License-Identifier: Apache-2.0
//
// FlowPlacer: which flow goes by which group of paths.
//
// Paths with much the same round trip make a group, and what goes by a group is kept in order: its
// flows see the round trip of its slowest path. Were paths of 10 and of 600 ms one group, the quick
// ones would be worth no more than the slow one to TCP, whose window is used up once in a round
// trip. So each flow goes by one group. Group 0, the quickest, has all flows at first; a flow with
// a backlog may move to where its share is larger, and back.
//
//     groups = make_groups(paths);
//     placer.set_groups(now, figures of the groups);
//     on packet:   queue[placer.group_of(flow)].push(…)
//     on backlog:  placer.handle_bulk(now, flow);
//     as it leaves: placer.handle_sent(now, flow, bytes);
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "quicether/base/time.h"
#include "quicether/multipath/repair_buffer.h"

namespace qe::multipath {

/// Index of a group, by rising round trip.
using GroupIndex = std::uint8_t;
inline constexpr std::size_t kGroupsMax = 3;
/// A path joins the group whose quickest path is no more than this quicker.
inline constexpr base::Duration kGroupSpread = base::milliseconds(100);

/// Round trips without queues, in any order; the group of each goes to `groups`, as long as it.
/// What is too far from all groups joins the last one. Returns how many groups there are.
std::size_t make_groups(std::span<const base::Duration> round_trips,
                        std::span<GroupIndex> groups) noexcept;

struct GroupFigures {
    double rate = 0;        ///< Bytes per second that its paths were seen to deliver; 0: unknown.
    std::size_t paths = 0;  ///< 0: there is no such group.
    base::Duration rtt{0};  ///< Of its slowest path.
};

class FlowPlacer {
  public:
    static constexpr std::size_t kFlows = 256;  ///< Buckets that flows are hashed to.
    /// Bytes that a TCP flow has in flight at most: what Linux allows a receiver by default, less
    /// its reserve (tcp_rmem, 6 MB).
    static constexpr double kFlowWindow = 4e6;
    /// A flow moves for a share so much larger. Moving costs it a round trip or two.
    static constexpr double kGainMin = 1.25;
    /// A flow that was not busy for so long is not counted, and begins anew in group 0.
    static constexpr base::Duration kForgetAfter = base::seconds(5);
    /// What a flow that has moved must send in a second to count as busy: on a long path TCP's
    /// window may grow for minutes before there is a backlog.
    static constexpr std::size_t kBusyBytes = 32U << 10;
    /// A flow that has moved stays at least so long.
    static constexpr base::Duration kStay = base::seconds(10);

    /// What is known of the groups now; those beyond `figures` do not exist. Flows of groups that
    /// are gone are in group 0.
    void set_groups(base::Instant now, std::span<const GroupFigures> figures) noexcept;
    [[nodiscard]] GroupIndex group_of(std::uint32_t flow) const noexcept {
        return places_[flow % kFlows].group;
    }
    /// The flow has a backlog. Returns its group from now on.
    GroupIndex handle_bulk(base::Instant now, std::uint32_t flow) noexcept;
    void handle_sent(base::Instant now, std::uint32_t flow, std::size_t bytes) noexcept;
    /// Busy flows.
    [[nodiscard]] std::size_t flows(GroupIndex group) const noexcept { return counts_[group]; }

  private:
    struct Place {
        base::Instant bulk_until;   ///< Counted until then.
        base::Instant stays_until;  ///< Does not move before.
        base::Instant second_began;
        std::size_t second_bytes = 0;  ///< Sent since then.
        GroupIndex group = 0;
        bool counted = false;
    };

    [[nodiscard]] double share(GroupIndex group, std::size_t flows) const noexcept;

    std::array<Place, kFlows> places_{};
    std::array<GroupFigures, kGroupsMax> groups_{};
    std::array<std::size_t, kGroupsMax> counts_{};
};

}  // namespace qe::multipath
