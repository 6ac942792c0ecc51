// SPDX-License-Identifier: Apache-2.0
//
// Patterns for names of interfaces, and tables that have them for keys.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace qe::config {

/// Whether a text with `*` (any characters) and `?` (one) matches the whole name.
[[nodiscard]] bool matches_pattern(std::string_view pattern, std::string_view name) noexcept;

/// The value for a name: under the name itself, else under the first pattern that matches it; 0
/// without.
[[nodiscard]] double value_for(const std::map<std::string, double>& table, std::string_view name);

}  // namespace qe::config
