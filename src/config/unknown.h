// SPDX-License-Identifier: Apache-2.0
//
// What to say about a table or key that nobody knows: the nearest one, or where it belongs.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace qe::config {

/// About a key of a known table (empty: outside of any); `known` are that table's keys.
[[nodiscard]] std::string unknown_key(std::string_view name,
                                      std::span<const std::string_view> known);
/// About a table, or a key outside of every table.
[[nodiscard]] std::string unknown_table(std::string_view name, bool is_table);

}  // namespace qe::config
