// SPDX-License-Identifier: Apache-2.0
//
// TOML text → tree. The only file that includes toml++.
#include <algorithm>
#include <utility>

// toml++ 3.3 asserts (or, under NDEBUG, lets the compiler assume) what a text can violate: `[.` is
// enough. Without the assertion its next branch reports an ordinary error; tests/fuzz/config_fuzz
// watches over that.
#undef NDEBUG
#define TOML_ASSERT(condition) static_cast<void>(0)
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include "config/guard.h"
#include "config/text.h"
#include "quicether/config/config.h"
#include "quicether/config/tree.h"

namespace qe::config {
namespace {

/// Turns toml++'s positions (line and column, counted in code points) into byte offsets.
class Positions {
  public:
    explicit Positions(std::string_view text) : text_(text) {
        line_starts_.push_back(text.starts_with("\xef\xbb\xbf") ? 3 : 0);
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '\n') {
                line_starts_.push_back(i + 1);
            }
        }
    }

    [[nodiscard]] std::size_t offset(const toml::source_position& at) const {
        if (at.line == 0 || at.line > line_starts_.size()) {
            return text_.size();
        }
        std::size_t offset = line_starts_[at.line - 1];
        for (std::size_t column = 1; column < at.column && offset < text_.size(); ++column) {
            ++offset;
            while (offset < text_.size() && is_utf8_continuation(text_[offset])) {
                ++offset;
            }
        }
        return offset;
    }

  private:
    std::string_view text_;
    std::vector<std::size_t> line_starts_;
};

Value convert(const toml::node& node, const Positions& positions);

Value convert_array(const toml::array& array, const Positions& positions) {
    Value value;
    value.kind = Value::Kind::Array;
    for (const toml::node& item : array) {
        value.items.push_back(convert(item, positions));
    }
    return value;
}

Value convert_table(const toml::table& table, const Positions& positions) {
    Value value;
    value.kind = Value::Kind::Table;
    value.is_inline = table.is_inline();
    for (const auto& [key, node] : table) {
        Value child = convert(node, positions);
        const std::size_t line =
            key.source().begin.line != 0 ? key.source().begin.line : child.line;
        value.members.push_back({std::string(key.str()), line, std::move(child)});
    }
    std::ranges::stable_sort(value.members, {}, [](const Member& m) { return m.value.begin; });
    return value;
}

Value convert_leaf(const toml::node& node) {
    Value value;
    if (const auto* text = node.as_string()) {
        value.kind = Value::Kind::String;
        value.text = text->get();
    } else if (const auto* integer = node.as_integer()) {
        value.kind = Value::Kind::Integer;
        value.integer = integer->get();
    } else if (const auto* number = node.as_floating_point()) {
        value.kind = Value::Kind::Number;
        value.number = number->get();
    } else if (const auto* boolean = node.as_boolean()) {
        value.kind = Value::Kind::Boolean;
        value.boolean = boolean->get();
    } else {
        value.kind = Value::Kind::Time;
    }
    return value;
}

// NOLINTNEXTLINE(misc-no-recursion): depth is bounded by toml++ (256)
Value convert(const toml::node& node, const Positions& positions) {
    Value value = node.is_table()   ? convert_table(*node.as_table(), positions)
                  : node.is_array() ? convert_array(*node.as_array(), positions)
                                    : convert_leaf(node);
    value.line = node.source().begin.line;
    value.begin = positions.offset(node.source().begin);
    value.end = positions.offset(node.source().end);
    return value;
}

Diagnostic whole_text(std::string_view label, std::size_t line, std::string message) {
    return {std::string(label), line, {}, std::move(message)};
}

/// What must hold before the TOML library sees the text.
std::vector<Diagnostic> precheck(std::string_view text, std::string_view label) {
    if (text.size() > kConfigBytesMax) {
        return {whole_text(label, 0,
                           "is longer than 1 MiB, which no configuration is; check the file name")};
    }
    const std::size_t bad = first_non_utf8(text);
    if (bad < text.size()) {
        return {whole_text(label, line_of(text, bad),
                           "the byte " + printable(text.substr(bad, 1)) +
                               " is not UTF-8; save the file as UTF-8")};
    }
    const std::size_t deep = first_excess_dot(text);
    if (deep < text.size()) {
        return {whole_text(label, line_of(text, deep),
                           "has a key of too many parts; correct this line")};
    }
    const std::size_t foreign = first_non_ascii(text);
    if (foreign < text.size()) {
        return {whole_text(label, line_of(text, foreign),
                           "has a character beyond ASCII outside of texts and comments; put it in "
                           "double quotes")};
    }
    return {};
}

}  // namespace

Checked<Value> read_toml(std::string_view text, std::string_view file_label) {
    std::vector<Diagnostic> problems = precheck(text, file_label);
    if (!problems.empty()) {
        return tl::unexpected(std::move(problems));
    }
    const toml::parse_result result = toml::parse(text);
    if (!result) {
        const toml::parse_error& error = result.error();
        return tl::unexpected(std::vector{whole_text(
            file_label, error.source().begin.line,
            "is not valid TOML: " + printable(error.description(), 200) + "; correct this line")});
    }
    return convert(result.table(), Positions(text));
}

}  // namespace qe::config
