// SPDX-License-Identifier: Apache-2.0
//
// "Did you mean …?": the known word that a mistyped one is closest to.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace qe::app {

/// Insertions, deletions, replacements and swaps of neighbours between two texts.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

/// The closest candidate, the first of equals; empty when none is close enough to be meant.
[[nodiscard]] std::string nearest(std::string_view word, std::span<const std::string> candidates);

}  // namespace qe::app
