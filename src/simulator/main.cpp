// SPDX-License-Identifier: Apache-2.0
//
// `quicether-sim`: runs scenarios in a simulated world. docs/simulation.md.
#include <iostream>

#include <unistd.h>

#include "simulator/cli.h"

int main(int argc, char** argv) {
    return qe::simulator::run({argv + (argc > 0 ? 1 : 0), argv + argc},
                              {std::cout, std::cerr, isatty(STDERR_FILENO) == 1});
}
