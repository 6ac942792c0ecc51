// SPDX-License-Identifier: Apache-2.0
//
// How deep a JSON text nests, found without parsing it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace qe::control {

/// The largest number of `{` and `[` open at once; those inside strings do not count. A text that
/// is not JSON gets an upper bound of what a parser would have to stack before it notices.
[[nodiscard]] constexpr std::size_t nesting_of(std::string_view text) noexcept {
    std::size_t depth = 0;
    std::size_t deepest = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            i += c == '\\' ? 1 : 0;
            in_string = c != '"';
        } else if (c == '{' || c == '[') {
            deepest = std::max(deepest, ++depth);
        } else if ((c == '}' || c == ']') && depth > 0) {
            --depth;
        } else {
            in_string = c == '"';
        }
    }
    return deepest;
}

}  // namespace qe::control
