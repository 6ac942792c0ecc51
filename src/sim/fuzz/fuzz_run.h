// SPDX-License-Identifier: Apache-2.0
//
// A fuzz run: a random world, traffic and faults; then all faults are healed, the mesh must come
// together, packets must pass, and an idle world must stay quiet. The checkers watch all of it.
//
//   faults (20 to 60 s)  →  heal  →  converge (≤ Convergence::kBound)  →  pings  →  quiet
//
// The seed decides everything: the same seed gives the same trace hash.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/report/run_report.h"

namespace qe::sim {

struct FuzzOptions {
    std::uint64_t seed = 1;
    /// Folder for the trace and the diagram of a run with violations; empty: nowhere.
    std::string trace_folder;
};

struct FuzzReport {
    std::uint64_t seed = 0;
    std::string error;  ///< Why the world could not be built; the rest is empty then.
    std::string shape;  ///< "7 hosts, 4 networks, hub".
    std::size_t faults = 0;
    base::Duration duration{0};                 ///< Virtual.
    std::optional<base::Duration> convergence;  ///< After the faults.
    std::string trace_hash;
    std::vector<CheckerFinding> findings;  ///< In order of time.
    std::string trace_file;
    std::string diagram_file;

    [[nodiscard]] bool passed() const noexcept { return error.empty() && findings.empty(); }
};

/// Ends early when a checker objects. Precondition: make_process_deterministic() was called.
[[nodiscard]] FuzzReport run_fuzz(const FuzzOptions& options);

}  // namespace qe::sim
