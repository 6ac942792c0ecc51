// SPDX-License-Identifier: Apache-2.0
//
// A run report as one JSON object on one line, for scripts. Times are seconds, rates bits or bytes
// per second as the names say; series of seconds are not part of it. Only what follows from the
// seed is: two runs of one seed and commit print the same.
#pragma once

#include <string>

#include "sim/report/run_report.h"

namespace qe::sim {

[[nodiscard]] std::string to_json(const RunReport& report);

}  // namespace qe::sim
