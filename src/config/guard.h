// SPDX-License-Identifier: Apache-2.0
//
// Guards in front of the TOML library, for texts it cannot be trusted with.
//
// It bounds nested values but not dotted keys: `a.a.a.…` over a mebibyte would make a tree that
// overflows the stack when it is walked or freed. And outside of texts and comments its tables of
// letters run into undefined behaviour on some characters, though TOML 1.0 allows ASCII only.
//
// Both answers are exact up to the first syntax error, which is as far as any parser reads.
#pragma once

#include <cstddef>
#include <string_view>

namespace qe::config {

/// No key of ours has more than three parts.
inline constexpr unsigned kKeyDotsMax = 8;

/// Offset of the first dot too many in a dotted key; size() if there is none.
[[nodiscard]] std::size_t first_excess_dot(std::string_view text) noexcept;

/// Offset of the first byte above ASCII outside of strings and comments, a byte order mark at the
/// beginning excepted; size() if there is none.
[[nodiscard]] std::size_t first_non_ascii(std::string_view text) noexcept;

}  // namespace qe::config
