// SPDX-License-Identifier: Apache-2.0
//
// LinkChange: which conditions of a link a scenario sets; all others stay as they are.
#pragma once

#include <optional>

#include "sim/topology.h"

namespace qe::sim {

/// Of one direction. Fields mean what those of PipeOptions mean.
struct PipeChange {
    std::optional<bool> up;
    std::optional<std::size_t> mtu;
    std::optional<std::uint64_t> rate_bps;
    std::optional<QueueKind> queue;
    std::optional<std::size_t> queue_bytes;
    std::optional<base::Duration> delay;
    std::optional<base::Duration> jitter;
    std::optional<LossModel> loss;
    std::optional<double> reorder;
    std::optional<base::Duration> reorder_by;
    std::optional<double> duplicate;
    std::optional<double> corrupt;

    void apply_to(PipeOptions& options) const;
    friend bool operator==(const PipeChange&, const PipeChange&) = default;
};

struct LinkChange {
    PipeChange both;
    PipeChange up;    ///< Beyond `both`.
    PipeChange down;  ///< Likewise.

    [[nodiscard]] LinkOptions applied_to(LinkOptions options) const;
    friend bool operator==(const LinkChange&, const LinkChange&) = default;
};

/// `share` of the way from one to the other: numbers change evenly, the rest at the end.
[[nodiscard]] LinkOptions between(const LinkOptions& from, const LinkOptions& to, double share);

}  // namespace qe::sim
