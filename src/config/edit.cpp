// SPDX-License-Identifier: Apache-2.0
//
// `config set`: finds the bytes to replace or the place to insert at, and validates the result.
//
// Three cases: the value exists (replace its bytes), its table has a header (insert a line behind
// the table's last value), neither (append the table). Layouts beyond that, such as a table written
// inline that lacks the key, are left to the operator: the result would not parse, and is refused.
#include "quicether/config/edit.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "config/encode.h"
#include "config/schema.h"

namespace qe::config {
namespace {

/// Where a value goes: `[table]`, `name`.
struct Target {
    const Field* field = nullptr;
    std::string table;  ///< Dotted: "network", "multipath.weights".
    std::string name;
    bool is_map_entry = false;
};

std::optional<Target> find_target(std::string_view dotted_key) {
    if (const Field* field = find_field(dotted_key)) {
        return Target{field, std::string(field->table), std::string(field->name), false};
    }
    for (const Field& field : schema()) {
        if (field.shape == Shape::Map && dotted_key.size() > field.key.size() + 1 &&
            dotted_key.starts_with(field.key) && dotted_key[field.key.size()] == '.') {
            return Target{&field, std::string(field.key),
                          std::string(dotted_key.substr(field.key.size() + 1)), true};
        }
    }
    return std::nullopt;
}

std::string no_such_key(std::string_view dotted_key) {
    if (dotted_key == "peer" || dotted_key.starts_with("peer.")) {
        return "belongs to a [[peer]] entry; edit the file by hand";
    }
    std::vector<std::string_view> keys;
    for (const Field& field : schema()) {
        keys.push_back(field.key);
    }
    const std::string_view near = nearest(dotted_key, keys);
    return near.empty() ? "is not a known key; write TABLE.KEY as in the configuration file"
                        : fmt::format("is not a known key; did you mean `{}`?", near);
}

/// The one value that `text` is, or nothing: "1\nother = 2" is not one value.
std::optional<Value> sole_value(std::string_view text) {
    const auto root = read_toml(fmt::format("value = {}", text), "");
    if (!root || root->members.size() != 1 || root->members.front().key != "value" ||
        root->members.front().value.kind == Value::Kind::Time) {
        return std::nullopt;
    }
    return root->members.front().value;
}

bool has_time(const Value& value) {  // NOLINT(misc-no-recursion): depth bounded by the reader
    return value.kind == Value::Kind::Time || std::ranges::any_of(value.items, has_time) ||
           std::ranges::any_of(value.members, [](const Member& m) { return has_time(m.value); });
}

std::string list_of_words(std::string_view text, bool are_texts) {
    std::string out;
    for (const std::string_view part : comma_parts(text)) {
        out += out.empty() ? "" : ", ";
        out += are_texts ? toml_string(part) : std::string(part);
    }
    return '[' + out + ']';
}

/// Canonical TOML for what the operator typed; nothing when it is not a value.
std::optional<std::string> normalised(const Target& target, std::string_view typed) {
    const std::string_view text = trimmed(typed);
    const Shape shape = target.is_map_entry ? Shape::Map : target.field->shape;
    const bool is_quoted = text.starts_with('"') || text.starts_with('\'');
    std::optional<Value> value;
    if (shape == Shape::Text && !is_quoted) {
        return toml_string(text);
    }
    if ((shape == Shape::TextList || shape == Shape::NumberList) && !text.starts_with('[')) {
        value = sole_value(is_quoted ? fmt::format("[{}]", text)
                                     : list_of_words(text, shape == Shape::TextList));
    } else {
        value = sole_value(text);
        if (!value && target.is_map_entry) {
            return toml_string(text);  // a log level
        }
    }
    return value && !has_time(*value) ? std::optional(encode(*value)) : std::nullopt;
}

/// The table at a dotted path, as far as the text has it.
const Value* find_table(const Value& root, std::string_view path) {
    const Value* table = &root;
    for (std::size_t from = 0; table != nullptr && from <= path.size();) {
        const std::size_t dot = std::min(path.find('.', from), path.size());
        table = table->find(path.substr(from, dot - from));
        from = dot + 1;
    }
    return table;
}

/// What a text is cut into: headers and the ends of values, in order.
struct Layout {
    std::vector<std::size_t> headers;     ///< Offsets of the brackets.
    std::vector<std::size_t> value_ends;  ///< Offsets behind values.
};

// NOLINTNEXTLINE(misc-no-recursion): depth is bounded by the reader
void survey(const Value& value, std::string_view text, Layout& layout) {
    const bool is_header_table = value.kind == Value::Kind::Table && !value.is_inline;
    const bool is_table_list = value.kind == Value::Kind::Array && !value.items.empty() &&
                               std::ranges::all_of(value.items, [](const Value& item) {
                                   return item.kind == Value::Kind::Table && !item.is_inline;
                               });
    if (!is_header_table && !is_table_list) {
        layout.value_ends.push_back(value.end);
        return;
    }
    if (is_header_table && value.begin < text.size() && text[value.begin] == '[') {
        layout.headers.push_back(value.begin);
    }
    for (const Member& member : value.members) {
        survey(member.value, text, layout);
    }
    for (const Value& item : value.items) {
        survey(item, text, layout);
    }
}

/// Whether the line at `offset` is the header `[path]` itself.
bool is_header_of(std::string_view text, std::size_t offset, std::string_view path) {
    if (offset >= text.size() || text[offset] != '[') {
        return false;
    }
    const std::size_t close = text.find(']', offset);
    return close != std::string_view::npos &&
           trimmed(text.substr(offset + 1, close - offset - 1)) == path;
}

std::size_t end_of_line(std::string_view text, std::size_t offset) {
    const std::size_t end = std::min(text.find('\n', offset), text.size());
    return end > offset && text[end - 1] == '\r' ? end - 1 : end;
}

/// Behind the last value of the section whose header stands at `header`.
std::size_t insertion_point(const Value& root, std::string_view text, std::size_t header) {
    Layout layout;
    survey(root, text, layout);
    std::size_t section_end = text.size();
    for (const std::size_t other : layout.headers) {
        section_end = other > header ? std::min(section_end, other) : section_end;
    }
    std::size_t last = header;
    for (const std::size_t end : layout.value_ends) {
        last = end > header && end <= section_end ? std::max(last, end) : last;
    }
    return end_of_line(text, last);
}

std::string with_table_appended(std::string_view text, const Target& target, std::string_view value,
                                std::string_view newline) {
    std::string out(text);
    if (!out.empty() && !out.ends_with('\n')) {
        out += newline;
    }
    out += fmt::format("{}[{}]{}{} = {}{}", out.empty() ? "" : newline, target.table, newline,
                       toml_key(target.name), value, newline);
    return out;
}

/// `text` with the value in place; whether it still is a good configuration is judged afterwards.
std::string edited(const Value& root, std::string_view text, const Target& target,
                   std::string_view value) {
    const std::string_view newline = text.find("\r\n") != std::string_view::npos ? "\r\n" : "\n";
    const Value* table = find_table(root, target.table);
    std::string out(text);
    if (table == nullptr) {
        return with_table_appended(text, target, value, newline);
    }
    if (const Value* old = table->find(target.name)) {
        return out.replace(old->begin, old->end - old->begin, value);
    }
    if (!is_header_of(text, table->begin, target.table)) {
        return with_table_appended(text, target, value, newline);
    }
    const std::size_t at = insertion_point(root, text, table->begin);
    return out.insert(at, fmt::format("{}{} = {}", newline, toml_key(target.name), value));
}

std::vector<Diagnostic> one(std::string_view label, std::string_view key, std::string message) {
    return {{std::string(label), 0, std::string(key), std::move(message)}};
}

}  // namespace

Checked<std::string> set_value(std::string_view text, std::string_view file_label,
                               std::string_view dotted_key, std::string_view value_text) {
    const std::optional<Target> target = find_target(dotted_key);
    if (!target) {
        return tl::unexpected(one(file_label, dotted_key, no_such_key(dotted_key)));
    }
    const std::optional<std::string> value = normalised(*target, value_text);
    if (!value) {
        return tl::unexpected(one(file_label, dotted_key,
                                  quoted(value_text) + " is not a TOML value; put texts in double "
                                                       "quotes and lists in square brackets"));
    }
    const auto root = read_toml(text, file_label);
    if (!root) {
        return tl::unexpected(root.error());
    }
    std::string out = edited(*root, text, *target, *value);
    if (!read_toml(out, file_label)) {
        return tl::unexpected(
            one(file_label, dotted_key, "does not fit into this file's layout; add it by hand"));
    }
    if (auto config = parse(out, file_label); !config) {
        return tl::unexpected(std::move(config.error()));
    }
    return out;
}

}  // namespace qe::config
