// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario/library.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "sim/scenario/read_scenario.h"

namespace qe::sim {
namespace fs = std::filesystem;

tl::expected<Scenario, std::string> load_scenario(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    if (!file.good()) {
        return tl::unexpected(
            fmt::format("{}: cannot be read; check the name\n", config::printable(path, 1024)));
    }
    auto scenario = read_scenario(text.str(), path);
    if (!scenario) {
        return tl::unexpected(config::to_string(scenario.error()));
    }
    return *std::move(scenario);
}

std::vector<std::string> Library::files() const {
    std::vector<std::string> paths;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder_, error)) {
        if (entry.path().extension() == ".toml") {
            paths.push_back(entry.path().string());
        }
    }
    std::ranges::sort(paths);
    return paths;
}

tl::expected<std::string, std::string> Library::find(const std::string& word) const {
    if (word.ends_with(".toml") || word.find('/') != std::string::npos) {
        return word;
    }
    const std::string path = (fs::path(folder_) / (word + ".toml")).string();
    std::error_code error;
    if (!fs::exists(path, error)) {
        return tl::unexpected(fmt::format(
            "no scenario is named {}; `quicether-sim list` shows all of {}, and a path works too",
            config::printable(word), folder_));
    }
    return path;
}

}  // namespace qe::sim
