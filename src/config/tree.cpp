// SPDX-License-Identifier: Apache-2.0
#include "quicether/config/tree.h"

#include <algorithm>

#include <fmt/format.h>

#include "config/text.h"

namespace qe::config {

const Value* Value::find(std::string_view key) const noexcept {
    const auto found = std::ranges::find(members, key, &Member::key);
    return found == members.end() ? nullptr : &found->value;
}

std::string describe(const Value& value) {
    switch (value.kind) {
        case Value::Kind::String:
            return "the text " + quoted(value.text);
        case Value::Kind::Integer:
            return fmt::format("the number {}", value.integer);
        case Value::Kind::Number:
            return fmt::format("the number {}", value.number);
        case Value::Kind::Boolean:
            return value.boolean ? "true" : "false";
        case Value::Kind::Time:
            return "a date or time";
        case Value::Kind::Array:
            return "a list";
        case Value::Kind::Table:
            break;
    }
    return "a table";
}

}  // namespace qe::config
