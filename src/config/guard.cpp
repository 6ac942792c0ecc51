// SPDX-License-Identifier: Apache-2.0
#include "config/guard.h"

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

/// Offset of the first character outside of strings and comments for which `stop` is true.
template <typename Stop>
std::size_t first_outside(std::string_view text, std::size_t at, Stop stop) noexcept {
    while (at < text.size()) {
        const char c = text[at];
        if (c == '"' || c == '\'') {
            at = skip_string(text, at);
        } else if (c == '#') {
            at = std::min(text.find('\n', at), text.size());
        } else if (stop(c)) {
            return at;
        } else {
            ++at;
        }
    }
    return text.size();
}

}  // namespace

std::size_t first_excess_dot(std::string_view text) noexcept {
    static constexpr std::string_view kKeyBreaks = "\n=,{}[]";
    unsigned dots = 0;
    return first_outside(text, 0, [&dots](char c) {
        if (kKeyBreaks.find(c) != std::string_view::npos) {
            dots = 0;
        }
        return c == '.' && ++dots > kKeyDotsMax;
    });
}

std::size_t first_non_ascii(std::string_view text) noexcept {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    const std::size_t start = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
    return first_outside(text, start,
                         [](char c) { return static_cast<unsigned char>(c) >= 0x80U; });
}

}  // namespace qe::config
