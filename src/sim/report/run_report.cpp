// SPDX-License-Identifier: Apache-2.0
#include "sim/report/run_report.h"

#include <algorithm>

#include <fmt/format.h>

namespace qe::sim {

bool RunReport::passed() const noexcept {
    return error.empty() && repeated && findings.empty() &&
           std::ranges::all_of(verdicts, &Verdict::passed);
}

std::string RunReport::replay() const {
    return fmt::format("quicether-sim run {} --seed {}", file, seed);
}

}  // namespace qe::sim
