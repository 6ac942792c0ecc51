// SPDX-License-Identifier: Apache-2.0
//
// A guard in front of the TOML library, which bounds nested values but not dotted keys: `a.a.a.…`
// over a mebibyte would make a tree that overflows the stack when it is walked or freed.
#pragma once

#include <cstddef>
#include <string_view>

namespace qe::config {

/// No key of ours has more than three parts.
inline constexpr unsigned kKeyDotsMax = 8;

/// Offset of the first dot too many in a dotted key; size() if there is none. Exact up to the first
/// syntax error, which is as far as any parser reads.
[[nodiscard]] std::size_t first_excess_dot(std::string_view text) noexcept;

}  // namespace qe::config
