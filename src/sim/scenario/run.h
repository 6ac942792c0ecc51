// SPDX-License-Identifier: Apache-2.0
//
// Run: one scenario with one seed, from an empty world to a RunReport.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sim/report/run_report.h"
#include "sim/scenario/scenario.h"

namespace qe::sim {

struct RunOptions {
    std::uint64_t seed = 1;
    bool twice = false;  ///< Runs again and compares.
    /// Folder for the trace and the diagram of a run that failed; empty: nowhere.
    std::string failure_folder;
    std::string trace_file;  ///< Written whatever comes of the run; empty: none.
    /// Called now and then with the time that has passed in the world.
    std::function<void(base::Duration)> progress;
};

/// Precondition: make_process_deterministic() was called.
[[nodiscard]] RunReport run_scenario(const Scenario& scenario, const RunOptions& options);

}  // namespace qe::sim
