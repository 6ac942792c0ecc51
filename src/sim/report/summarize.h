// SPDX-License-Identifier: Apache-2.0
//
// What was gathered in a run → the figures of its report.
#pragma once

#include <memory>
#include <vector>

#include "sim/report/run_report.h"

namespace qe::sim {

void summarize(const Evidence& evidence, RunReport& out);

}  // namespace qe::sim
