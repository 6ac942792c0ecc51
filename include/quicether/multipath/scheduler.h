// SPDX-License-Identifier: Apache-2.0
//
// Scheduler: which path takes the next packets of a lane.
//
// The session's queue is pulled: whenever paths have room in their congestion windows, the owner
// asks next() until nothing more may leave. A scheduler that insists on a path without room says
// so by an empty grant, and the queue waits: that is how round robin stays exact and weights are
// obeyed. Calls are per burst, not per packet, except where the discipline itself counts datagrams.
//
//     const Grant grant = scheduler.next(paths);
//     … one datagram or more leave, up to grant.bytes …
//     scheduler.handle_sent(path, bytes);   // for each path of the grant; not for repairs
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "quicether/base/time.h"
#include "quicether/multipath/repair_buffer.h"

namespace qe::multipath {

inline constexpr std::size_t kPathsMax = 8;
/// Paths of a session as a set.
using PathSet = std::uint8_t;
[[nodiscard]] constexpr PathSet set_of(PathIndex path) noexcept {
    return static_cast<PathSet>(1U << path);
}
[[nodiscard]] constexpr bool contains(PathSet set, PathIndex path) noexcept {
    return (set >> path & 1U) != 0;
}

/// What a scheduler sees of a path that may carry the lane. Those that may not are not shown.
struct PathView {
    PathIndex path = 0;
    std::size_t room = 0;  ///< Datagram bytes it takes now; any but 0 admits a datagram.
    base::Duration rtt{0};
    double rate = 0;    ///< Bytes per second that its congestion control allows; 0: unknown.
    double weight = 0;  ///< Configured; 0: none.
    /// The one with the shortest round trip, more or less: of several alike it stays the same.
    bool quickest = false;
    bool copies_may_wait = false;  ///< A copy may wait there until there is room.
};

/// Whether `a` comes before `b` for what is in a hurry.
[[nodiscard]] constexpr bool is_quicker(const PathView& a, const PathView& b) noexcept {
    return a.quickest || (!b.quickest && a.rtt < b.rtt);
}
[[nodiscard]] constexpr PathSet set_of(std::span<const PathView> paths) noexcept {
    PathSet set = 0;
    for (const PathView& view : paths) {
        set = static_cast<PathSet>(set | set_of(view.path));
    }
    return set;
}

struct Grant {
    /// For exactly one datagram, of whatever size.
    static constexpr std::size_t kOneDatagram = 1;

    PathSet paths = 0;  ///< One path, or several that each get a copy; 0: wait.
    /// Datagram bytes that may leave so. The first datagram does in any case, further ones only as
    /// far as they fit.
    std::size_t bytes = 0;
};

/// What the order of datagrams owes to a scheduler.
enum class Discipline : std::uint8_t {
    Turns,          ///< Neighbours go different ways: all is to be put in order again.
    Copies,         ///< Each way has everything.
    QuickestFirst,  ///< The quickest path as long as it has room: what takes no other is in order.
    Groups,         ///< The same, to be used for each group of paths by itself (FlowPlacer).
};

class Scheduler {
  public:
    virtual ~Scheduler() = default;
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;
    /// `paths` is not empty, ordered by path index, each below kPathsMax.
    [[nodiscard]] virtual Grant next(std::span<const PathView> paths) noexcept = 0;
    /// Those of `paths` that it would take in turn or at once if all of them had room.
    [[nodiscard]] virtual PathSet uses(std::span<const PathView> paths) const noexcept = 0;
    /// Why the others are left out: a clause with the path as its subject.
    [[nodiscard]] virtual std::string_view reason_against() const noexcept = 0;
    [[nodiscard]] virtual Discipline discipline() const noexcept = 0;
    /// So much left by `path` since.
    virtual void handle_sent(PathIndex path, std::size_t bytes) noexcept = 0;
};

/// All paths of a group, the quickest with room first.
[[nodiscard]] std::unique_ptr<Scheduler> make_adaptive();
/// Datagrams in turn, one each, whatever their sizes.
[[nodiscard]] std::unique_ptr<Scheduler> make_round_robin();
/// Bytes in proportion to configured weights; a path without one counts as the mean of the others.
/// Without any, in proportion to what each path was seen to deliver, and then a path without room
/// is passed over: else a first guess would hold for ever, as each path delivers what it is given.
/// A path that was away or passed over does not catch up.
[[nodiscard]] std::unique_ptr<Scheduler> make_weighted();
/// The path with the shortest round trip while it has room, then the next one, up to `threshold`
/// above the shortest (zero: any).
[[nodiscard]] std::unique_ptr<Scheduler> make_latency(base::Duration threshold);
/// Every datagram on all paths as soon as one has room. A path without room that is not to be
/// waited for misses its copy rather than stop the others.
[[nodiscard]] std::unique_ptr<Scheduler> make_redundant();

struct SchedulerChoice {
    std::string_view name;                ///< As a configuration has it; any other text: adaptive.
    base::Duration latency_threshold{0};  ///< Of make_latency().
};
[[nodiscard]] std::unique_ptr<Scheduler> make_scheduler(const SchedulerChoice& choice);

}  // namespace qe::multipath
