// SPDX-License-Identifier: Apache-2.0
//
// Judge: whether a scenario's expectations were met.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/figures.h"
#include "sim/scenario/scenario.h"
#include "sim/traffic/flow.h"

namespace qe::sim {

struct Verdict {
    std::string expected;  ///< "delivery of calls >= 99% from 10s".
    std::string measured;  ///< "99.7%"; of several flows the worst.
    std::size_t line = 0;  ///< In the scenario's file.
    bool passed = false;
};

struct Evidence {
    const Scenario& scenario;
    const Figures& figures;
    const std::vector<std::unique_ptr<Flow>>& flows;
};

[[nodiscard]] std::vector<Verdict> judge(const Evidence& evidence);

}  // namespace qe::sim
