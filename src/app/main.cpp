// SPDX-License-Identifier: Apache-2.0
//
// `quicether`: the daemon and its command line in one program.
#include <cstdlib>
#include <iostream>

#include <unistd.h>

#include "app/run.h"

int main(int argc, char** argv) {
    const qe::app::ColourSurroundings colour{.is_terminal = isatty(STDOUT_FILENO) == 1,
                                             .no_color_flag = false,
                                             .no_color = std::getenv("NO_COLOR"),
                                             .term = std::getenv("TERM")};
    return qe::app::run({argv + (argc > 0 ? 1 : 0), argv + argc}, {std::cout, std::cerr, colour});
}
