// SPDX-License-Identifier: Apache-2.0
//
// What the sending end of a bond sees of its paths, and the groups it makes of them.
//
// Paths with much the same round trip carry bulk together, in a lane of their own.
// docs/protocol/multipath.md, "Groups" and "Retreat".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "node/bond.h"
#include "node/session.h"
#include "quicether/base/time.h"
#include "quicether/multipath/scheduler.h"

namespace qe::node {

/// The paths that may carry packets now, as the schedulers see them. The arrays go together.
struct PathViews {
    std::array<multipath::PathView, multipath::kPathsMax> views{};
    std::array<Link*, multipath::kPathsMax> links{};
    std::array<base::Duration, multipath::kPathsMax> floors{};  ///< Round trips without queues.
    std::array<std::uint64_t, multipath::kPathsMax> bytes_delivered{};
    std::size_t count = 0;

    [[nodiscard]] std::span<multipath::PathView> span() noexcept {
        return std::span(views).first(count);
    }
    [[nodiscard]] std::span<const multipath::PathView> span() const noexcept {
        return std::span(views).first(count);
    }
    /// Where this path is among them; `count` when it is not.
    [[nodiscard]] std::size_t find(std::optional<multipath::PathIndex> path) const noexcept;
    /// Those of one group.
    [[nodiscard]] PathViews of_group(multipath::GroupIndex group) const noexcept;
};

/// Puts the paths into groups, judges whether those of each are worth it together, and tells the
/// placer of flows what the groups carry.
void regroup(base::Instant now, Bond& bond, const PathViews& views);

/// The path for what is to be quick, by round trips halfway between what they are now and what they
/// are without queues: a queue comes and goes, and is mostly our own bulk. Of paths about as quick
/// as the present one that one stays: packets that go by the quickest path only shall not overtake
/// each other. Precondition: there are some.
[[nodiscard]] multipath::PathIndex quickest_of(const PathViews& paths,
                                               multipath::PathIndex present) noexcept;

}  // namespace qe::node
