// SPDX-License-Identifier: Apache-2.0
//
// Library: the scenario files of a folder, and how a word on a command line finds one.
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "sim/scenario/scenario.h"

namespace qe::sim {

/// Reads a file and the scenario in it. The failure is what to show, each problem on a line.
[[nodiscard]] tl::expected<Scenario, std::string> load_scenario(const std::string& path);

class Library {
  public:
    explicit Library(std::string folder) : folder_(std::move(folder)) {}

    [[nodiscard]] const std::string& folder() const noexcept { return folder_; }
    /// Paths of all scenario files, by name.
    [[nodiscard]] std::vector<std::string> files() const;
    /// A path as it is; a name as NAME.toml in the folder. The failure is a sentence.
    [[nodiscard]] tl::expected<std::string, std::string> find(const std::string& word) const;

  private:
    std::string folder_;
};

}  // namespace qe::sim
