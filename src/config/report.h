// SPDX-License-Identifier: Apache-2.0
//
// Report: collects what is wrong, so that an operator sees all of it at once.
//
// Bounded: a hostile text cannot make it grow without end; what is left out is counted.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "quicether/config/diagnostic.h"

namespace qe::config {

class Report {
  public:
    static constexpr std::size_t kProblemsMax = 100;

    explicit Report(std::string_view label) : label_(label) {}

    /// `line` 0: none. `message` has the form "what is wrong; what to do".
    void add(std::size_t line, std::string_view key, std::string message);

    [[nodiscard]] bool empty() const noexcept { return problems_.empty(); }
    /// All problems in line order.
    [[nodiscard]] std::vector<Diagnostic> take();

  private:
    std::string label_;
    std::vector<Diagnostic> problems_;
    std::size_t left_out_ = 0;
};

/// Where a key was set and how to show it: by its dotted name, or by the flag that set it.
struct Place {
    std::size_t line = 0;
    std::string shown;
};
/// Dotted key → place; entries of [[peer]] as "peer[0].subnets".
using Places = std::map<std::string, Place, std::less<>>;

}  // namespace qe::config
