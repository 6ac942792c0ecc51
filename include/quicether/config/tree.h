// SPDX-License-Identifier: Apache-2.0
//
// The configuration text as a tree of values that remember where they stand.
//
// Only toml_reader.cpp knows the TOML library; everything behind it works on this tree. Positions
// are byte offsets into the text, so that an edit can replace exactly one value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "quicether/config/diagnostic.h"

namespace qe::config {

struct Member;

struct Value {
    enum class Kind : std::uint8_t { String, Integer, Number, Boolean, Time, Array, Table };

    Kind kind = Kind::Table;
    std::string text;             ///< String.
    std::int64_t integer = 0;     ///< Integer.
    double number = 0;            ///< Number.
    bool boolean = false;         ///< Boolean.
    std::vector<Value> items;     ///< Array.
    std::vector<Member> members;  ///< Table, in the order of the text.
    bool is_inline = false;       ///< Table written as { … }.

    std::size_t line = 0;   ///< From 1.
    std::size_t begin = 0;  ///< Offset of the first byte; of a table's header bracket.
    std::size_t end = 0;    ///< Offset behind the last byte.

    [[nodiscard]] const Value* find(std::string_view key) const noexcept;
};

struct Member {
    std::string key;
    std::size_t line = 0;  ///< Of the key.
    Value value;
};

/// "the text \"1420\"", "a list" … for "must be X, but is Y".
[[nodiscard]] std::string describe(const Value& value);

/// Parses TOML 1.0. The root is a table. One diagnostic at most: the first syntax error.
[[nodiscard]] Checked<Value> read_toml(std::string_view text, std::string_view file_label);

}  // namespace qe::config
