// SPDX-License-Identifier: Apache-2.0
//
// Run reports as one HTML page that needs nothing else: no scripts, no fonts, no pictures from
// elsewhere; light or dark as the reader's system is.
#pragma once

#include <string>
#include <vector>

#include "sim/report/run_report.h"

namespace qe::sim {

[[nodiscard]] std::string to_html(const std::vector<RunReport>& reports);

}  // namespace qe::sim
