// SPDX-License-Identifier: Apache-2.0
#include "config/unknown.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/schema.h"
#include "config/text.h"

namespace qe::config {
namespace {

/// The table that has a key of this name; empty when none has.
std::string_view table_with(std::string_view name) {
    const std::span<const Field> fields = schema();
    const auto found = std::ranges::find(fields, name, &Field::name);
    return found == fields.end() ? std::string_view{} : found->table;
}

}  // namespace

std::string unknown_key(std::string_view name, std::span<const std::string_view> known) {
    if (const std::string_view near = nearest(name, known); !near.empty()) {
        return fmt::format("is not a known key; did you mean `{}`?", near);
    }
    if (const std::string_view table = table_with(name); !table.empty()) {
        return fmt::format("is not a known key here; it belongs in [{}]", table);
    }
    return fmt::format("is not a known key; use {}", alternatives(known));
}

std::string unknown_table(std::string_view name, bool is_table) {
    if (const std::string_view table = table_with(name); !is_table && !table.empty()) {
        return fmt::format("is outside of any table; it belongs in [{}]", table);
    }
    if (const std::string_view near = nearest(name, table_names()); !near.empty()) {
        const bool is_peer = near == "peer";
        return fmt::format("is not a known table; did you mean {}{}{}?", is_peer ? "[[" : "[", near,
                           is_peer ? "]]" : "]");
    }
    return fmt::format("is not a known table; the tables are {}", alternatives(table_names()));
}

}  // namespace qe::config
