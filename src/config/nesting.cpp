// SPDX-License-Identifier: Apache-2.0
#include "config/nesting.h"

#include <algorithm>

namespace qe::config {
namespace {

/// Offset behind the string whose opening quote stands at `at` (TOML 1.0, "String").
std::size_t skip_string(std::string_view text, std::size_t at) noexcept {
    const char quote = text[at];
    const bool has_escapes = quote == '"';
    const bool is_multi_line = text.substr(at, 3) == (has_escapes ? "\"\"\"" : "'''");
    const std::string_view closing = text.substr(at, is_multi_line ? 3 : 1);
    at += closing.size();
    while (at < text.size()) {
        if (text.substr(at).starts_with(closing)) {
            // Up to two quotes may stand right before the closing three.
            at += closing.size();
            const std::size_t behind = std::min(text.find_first_not_of(quote, at), text.size());
            return is_multi_line ? std::min(behind, at + 2) : at;
        }
        at += has_escapes && text[at] == '\\' ? 2U : 1U;
    }
    return text.size();
}

}  // namespace

std::size_t first_excess_dot(std::string_view text) noexcept {
    constexpr std::string_view kKeyBreaks = "\n=,{}[]";
    unsigned dots = 0;
    for (std::size_t at = 0; at < text.size();) {
        const char c = text[at];
        if (c == '"' || c == '\'') {
            at = skip_string(text, at);
            continue;
        }
        if (c == '#') {
            at = std::min(text.find('\n', at), text.size());
            continue;
        }
        if (kKeyBreaks.find(c) != std::string_view::npos) {
            dots = 0;
        } else if (c == '.' && ++dots > kKeyDotsMax) {
            return at;
        }
        ++at;
    }
    return text.size();
}

}  // namespace qe::config
