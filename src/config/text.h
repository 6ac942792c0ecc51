// SPDX-License-Identifier: Apache-2.0
//
// Small pure functions over text that several files of this module need.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace qe::config {

[[nodiscard]] constexpr bool is_utf8_continuation(char c) noexcept {
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

/// Offset of the first byte that is not part of well-formed UTF-8 (RFC 3629); size() if none.
[[nodiscard]] std::size_t first_non_utf8(std::string_view text) noexcept;

/// The line, from 1, on which the byte at `offset` stands.
[[nodiscard]] std::size_t line_of(std::string_view text, std::size_t offset) noexcept;

/// `text` in double quotes, made printable.
[[nodiscard]] std::string quoted(std::string_view text);

/// `text` as a TOML basic string.
[[nodiscard]] std::string toml_string(std::string_view text);

/// `key` as a TOML key: bare where it can be.
[[nodiscard]] std::string toml_key(std::string_view key);

/// The known word nearest to `word`, when one is near enough to be what was meant; else empty.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       std::span<const std::string_view> known);

/// "a, b or c".
[[nodiscard]] std::string alternatives(std::span<const std::string_view> words);

/// Without spaces and tabs at the ends.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

/// The trimmed parts between commas; none for an empty text.
[[nodiscard]] std::vector<std::string_view> comma_parts(std::string_view text);

}  // namespace qe::config
