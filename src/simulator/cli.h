// SPDX-License-Identifier: Apache-2.0
//
// The command line of quicether-sim: arguments in, exit code out.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace qe::simulator {

/// What a shell sees.
enum ExitCode : int {
    kPassed = 0,
    kFailed = 1,  ///< An expectation was not met, a checker objected, a run did not repeat.
    kUsage = 2,   ///< Wrong arguments, or a scenario that cannot be read.
};

struct Console {
    std::ostream& out;
    std::ostream& err;
    bool err_is_terminal = false;  ///< Progress is shown only then.
};

/// `arguments` without the program's name.
[[nodiscard]] int run(const std::vector<std::string>& arguments, const Console& console);

}  // namespace qe::simulator
