// SPDX-License-Identifier: Apache-2.0
//
// `quicether-sim fuzz`: random worlds one after another, until time is up or a checker objects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "simulator/cli.h"

namespace qe::simulator {

struct FuzzRequest {
    std::optional<double> minutes;      ///< Of real time; without `runs` too: one minute.
    std::optional<std::uint64_t> runs;  ///< At most that many.
    std::optional<std::uint64_t> seed;  ///< Of the first run, counting up; absent: by chance.
    std::string trace = ".";            ///< Folder for what is left of a run with violations.
    bool twice = false;                 ///< Each run again, comparing what happened.
};

[[nodiscard]] int fuzz_command(const FuzzRequest& request, const Console& console);

}  // namespace qe::simulator
