// SPDX-License-Identifier: Apache-2.0
//
// Run reports as text for a terminal.
#pragma once

#include <string>
#include <vector>

#include "sim/report/run_report.h"

namespace qe::sim {

/// One run: figures, expectations, objections, and how to do it again if it failed.
[[nodiscard]] std::string to_text(const RunReport& report);

/// Several runs, one a line, and how many passed.
[[nodiscard]] std::string summary_table(const std::vector<RunReport>& reports);

/// What tables say of round trips and of goodput: "-" when there were no pings, no reliable flows.
[[nodiscard]] std::string rtt_cell(base::Duration rtt);
[[nodiscard]] std::string goodput_cell(const RunReport& report);

}  // namespace qe::sim
