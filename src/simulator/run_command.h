// SPDX-License-Identifier: Apache-2.0
//
// `quicether-sim run`: scenarios one after another, each with one seed or several, and what is
// printed and written of that.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "simulator/cli.h"

namespace qe::simulator {

struct RunRequest {
    std::string folder;  ///< Where scenarios are looked for by name.
    std::vector<std::string> scenarios;
    bool all = false;                   ///< All of the folder, the slow ones excepted.
    bool slow = false;                  ///< Those too.
    std::optional<std::uint64_t> seed;  ///< Absent: the scenario's.
    std::uint64_t seeds = 1;            ///< That many, counting up from the first.
    bool twice = false;
    bool json = false;
    std::string report;  ///< HTML file; empty: none.
    std::string trace;   ///< Likewise.
    std::string failures = ".";
    unsigned jobs = 1;
};

[[nodiscard]] int run_command(const RunRequest& request, const Console& console);

}  // namespace qe::simulator
