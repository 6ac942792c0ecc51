// SPDX-License-Identifier: Apache-2.0
//
// The schema: every key once, with how it is read, written, copied and whether it applies live.
//
// Parsing, `config show`, `config set`, the command line, the reload diff and the suggestions for
// mistyped keys all walk this one table. The keys of [[peer]] entries are in peers.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "config/readers.h"
#include "quicether/config/config.h"

namespace qe::config {

/// Whether a running daemon can take a change on.
enum class Takes : std::uint8_t { Live, Restart };

/// What kind of TOML value a key wants; `config set` uses it to understand bare words.
enum class Shape : std::uint8_t { Text, TextList, Number, NumberList, Truth, Map };

struct Field {
    std::string_view table;
    std::string_view name;
    std::string_view key;  ///< "table.name"
    Takes takes;
    Shape shape;
    void (*read)(const In&, Config&);
    /// TOML value text; empty when unset.
    std::string (*write)(const Config&);
    void (*copy)(Config& to, const Config& from);
};

/// In the order of `config show`, the fields of one table together.
[[nodiscard]] std::span<const Field> schema() noexcept;
/// By dotted key; null when there is none.
[[nodiscard]] const Field* find_field(std::string_view key) noexcept;
/// The table names, "peer" included.
[[nodiscard]] std::span<const std::string_view> table_names() noexcept;

}  // namespace qe::config
