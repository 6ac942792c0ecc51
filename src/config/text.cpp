// SPDX-License-Identifier: Apache-2.0
#include "config/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "quicether/config/diagnostic.h"

namespace qe::config {
namespace {

/// Longer words are not compared: nobody mistypes a key into 64 letters.
constexpr std::size_t kComparedWordMax = 64;

/// Code points and lengths of the four UTF-8 forms.
struct Utf8Form {
    unsigned mask;
    unsigned lead;
    std::size_t size;
    std::uint32_t smallest;
};
constexpr std::array<Utf8Form, 4> kUtf8Forms = {
    {{0x80, 0x00, 1, 0}, {0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}}};

/// The length of the well-formed code point at the start of `text`, or 0.
std::size_t code_point_size(std::string_view text) noexcept {
    const auto lead = static_cast<unsigned char>(text.front());
    const auto* form = std::ranges::find_if(
        kUtf8Forms, [lead](const Utf8Form& f) { return (lead & f.mask) == f.lead; });
    if (form == kUtf8Forms.end() || text.size() < form->size) {
        return 0;
    }
    std::uint32_t point = lead & ~form->mask;
    for (std::size_t i = 1; i < form->size; ++i) {
        if (!is_utf8_continuation(text[i])) {
            return 0;
        }
        point = (point << 6U) | (static_cast<unsigned char>(text[i]) & 0x3fU);
    }
    const bool is_surrogate = point >= 0xd800 && point <= 0xdfff;
    return point < form->smallest || point > 0x10ffff || is_surrogate ? 0 : form->size;
}

constexpr bool is_control(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

/// C1 controls, and the marks that reorder or hide text on a screen.
bool is_deceptive(std::string_view code_point) noexcept {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kRanges = {{
        {"\xc2\x80", "\xc2\x9f"},          // C1 controls
        {"\xe2\x80\x8b", "\xe2\x80\x8f"},  // zero width, left and right marks
        {"\xe2\x80\xa8", "\xe2\x80\xae"},  // separators, embeddings and overrides
        {"\xe2\x81\xa0", "\xe2\x81\xaf"},  // invisible operators, isolates
        {"\xef\xbb\xbf", "\xef\xbb\xbf"},  // byte order mark
    }};
    return std::ranges::any_of(kRanges, [code_point](const auto& range) {
        return code_point.size() == range.first.size() && range.first <= code_point &&
               code_point <= range.second;
    });
}

/// Levenshtein's distance with two rows.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> previous(b.size() + 1);
    std::iota(previous.begin(), previous.end(), std::size_t{0});
    std::vector<std::size_t> current(b.size() + 1);
    for (std::size_t i = 0; i < a.size(); ++i) {
        current[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = previous[j] + (a[i] == b[j] ? 0 : 1);
            current[j + 1] = std::min({previous[j + 1] + 1, current[j] + 1, replaced});
        }
        std::swap(previous, current);
    }
    return previous[b.size()];
}

constexpr bool is_bare_key_char(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

}  // namespace

std::size_t first_non_utf8(std::string_view text) noexcept {
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t size = code_point_size(text.substr(at));
        if (size == 0) {
            return at;
        }
        at += size;
    }
    return text.size();
}

std::size_t line_of(std::string_view text, std::size_t offset) noexcept {
    const std::string_view before = text.substr(0, offset);
    return 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
}

std::string printable(std::string_view text, std::size_t bytes_max) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        if (out.size() >= bytes_max) {
            return out + "…";
        }
        const std::size_t size = code_point_size(text.substr(at));
        const std::string_view point = text.substr(at, std::max<std::size_t>(size, 1));
        if (size == 0 || is_control(point.front()) || is_deceptive(point)) {
            for (const char c : point) {
                out += fmt::format("\\x{:02X}", static_cast<unsigned char>(c));
            }
        } else {
            out += point;
        }
        at += point.size();
    }
    return out;
}

std::string quoted(std::string_view text) { return '"' + printable(text) + '"'; }

std::string toml_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (is_control(c)) {
            out += fmt::format("\\u{:04X}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    return out + '"';
}

std::string toml_key(std::string_view key) {
    const bool is_bare = !key.empty() && std::ranges::all_of(key, is_bare_key_char);
    return is_bare ? std::string(key) : toml_string(key);
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
    if (word.size() > kComparedWordMax) {
        return {};
    }
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const std::string_view candidate : known) {
        const std::size_t distance = edit_distance(word, candidate);
        if (distance < best_distance && distance < candidate.size()) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

std::string alternatives(std::span<const std::string_view> words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        out += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
        out += words[i];
    }
    return out;
}

std::string_view trimmed(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(" \t");
    return first == std::string_view::npos
               ? std::string_view{}
               : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string_view> comma_parts(std::string_view text) {
    std::vector<std::string_view> parts;
    if (trimmed(text).empty()) {
        return parts;
    }
    std::size_t from = 0;
    for (std::size_t comma = 0; comma != std::string_view::npos; from = comma + 1) {
        comma = text.find(',', from);
        parts.push_back(trimmed(text.substr(from, comma - from)));
    }
    return parts;
}

}  // namespace qe::config
