// SPDX-License-Identifier: Apache-2.0
//
// ConfigDiff: what a reload changes, and what of it a running daemon can take on.
//
// Which keys are live is part of the one schema table (src/config/schema.cpp).
#pragma once

#include <string>
#include <vector>

#include "quicether/config/config.h"

namespace qe::config {

struct Change {
    std::string key;     ///< Dotted key; "peer" for the [[peer]] entries together.
    bool live = false;   ///< False: takes effect at the next start.
    std::string before;  ///< TOML value text; empty when unset.
    std::string after;
    friend bool operator==(const Change&, const Change&) = default;
};

struct ConfigDiff {
    std::vector<Change> changes;  ///< In schema order.

    [[nodiscard]] bool empty() const noexcept { return changes.empty(); }
    /// True when some change must wait for a restart.
    [[nodiscard]] bool needs_restart() const noexcept;
};

[[nodiscard]] ConfigDiff diff(const Config& before, const Config& after);

/// `running` with the live changes of `wanted` taken on and the others left as they run.
[[nodiscard]] Config take_live_changes(Config running, const Config& wanted);

}  // namespace qe::config
