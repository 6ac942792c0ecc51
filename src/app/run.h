// SPDX-License-Identifier: Apache-2.0
//
// One run of the command line, from its words to an exit code.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "app/palette.h"

namespace qe::app {

/// The process around us, as far as the command line depends on it.
struct Surroundings {
    std::ostream& out;
    std::ostream& err;
    ColourSurroundings colour;  ///< `no_color_flag` is filled in from the command line.
};

/// `words` without the program's name. Lets no exception out.
[[nodiscard]] int run(std::vector<std::string> words, const Surroundings& surroundings) noexcept;

}  // namespace qe::app
