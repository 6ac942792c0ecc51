// SPDX-License-Identifier: Apache-2.0
//
// Every wrong configuration in tests/golden/config gives exactly the sentences in its .expected
// file. A good sentence is part of the product: read the .expected files as an operator would.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "config/schema.h"
#include "quicether/config/config.h"

namespace qe::config {
namespace {

std::string contents(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::filesystem::path> files(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".toml") {
            paths.push_back(entry.path());
        }
    }
    std::ranges::sort(paths);
    return paths;
}

TEST(WrongConfig, IsExplainedExactlyAsRecorded) {
    const auto paths = files(QE_TEST_DATA_DIR "/golden/config");
    ASSERT_GE(paths.size(), 15U);
    for (const auto& path : paths) {
        const auto config = parse(contents(path), path.filename().string());
        std::filesystem::path expected = path;
        expected.replace_extension(".expected");
        EXPECT_EQ(config ? "accepted\n" : to_string(config.error()), contents(expected)) << path;
    }
}

TEST(ExampleConfig, IsAccepted) {
    const auto paths = files(QE_TEST_DATA_DIR "/../config");
    ASSERT_GE(paths.size(), 3U);
    for (const auto& path : paths) {
        const auto config = parse(contents(path), path.filename().string());
        ASSERT_TRUE(config) << to_string(config.error());
        EXPECT_EQ(parse(to_toml(*config), "shown"), *config) << path;
        EXPECT_TRUE(unsupported_notes(*config).empty()) << path;
    }
}

TEST(Manual, NamesEveryKey) {
    const std::string manual = contents(QE_TEST_DATA_DIR "/../docs/operations/configuration.md");
    for (const Field& field : schema()) {
        const bool is_named = manual.find(fmt::format("| `{}` |", field.name)) != manual.npos ||
                              manual.find(fmt::format("| `{}` |", field.key)) != manual.npos;
        EXPECT_TRUE(is_named) << field.key;
    }
}

}  // namespace
}  // namespace qe::config
