// SPDX-License-Identifier: Apache-2.0
//
// Text against a golden file. To take over an intended change, run the test with
// QE_UPDATE_GOLDEN=1 in the environment and look at the difference.
#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace qe::app {

/// `name`: a file of tests/golden/cli.
inline void expect_golden(const std::string& name, const std::string& text) {
    const std::string path = std::string(QE_TEST_DATA_DIR "/golden/cli/") + name;
    if (std::getenv("QE_UPDATE_GOLDEN") != nullptr) {
        std::ofstream(path) << text;
    }
    std::ifstream file(path);
    std::stringstream golden;
    golden << file.rdbuf();
    EXPECT_EQ(text, golden.str()) << path;
}

}  // namespace qe::app
