// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario/table_reader.h"

#include <algorithm>

#include <fmt/format.h>

namespace qe::sim {

using config::Value;

void Problems::add(std::size_t line, std::string key, std::string message) {
    constexpr std::size_t kProblemsMax = 50;
    if (list_.size() < kProblemsMax) {
        list_.push_back({file_, line, std::move(key), std::move(message)});
    }
}

std::vector<config::Diagnostic> Problems::take() {
    std::ranges::stable_sort(list_, {}, &config::Diagnostic::line);
    return std::move(list_);
}

std::string either(const std::vector<std::string_view>& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        out += i == 0 ? "" : i + 1 == words.size() ? " or " : ", ";
        out += words[i];
    }
    return out;
}

TableReader::TableReader(const Value& table, std::string path, Problems& problems)
    : table_(table), path_(std::move(path)), problems_(problems) {}

const Value* TableReader::take(std::string_view key) {
    known_.push_back(key);
    return table_.find(key);
}

const Value* TableReader::take_kind(std::string_view key, Value::Kind kind,
                                    std::string_view wanted) {
    const Value* value = take(key);
    if (value != nullptr && value->kind != kind) {
        refuse(key, fmt::format("must be {}, but is {}", wanted, config::describe(*value)));
        return nullptr;
    }
    return value;
}

bool TableReader::text(std::string_view key, std::string& out) {
    const Value* value = take_kind(key, Value::Kind::String, "a text in double quotes");
    if (value != nullptr) {
        out = value->text;
    }
    return value != nullptr;
}

bool TableReader::truth(std::string_view key, bool& out) {
    const Value* value = take_kind(key, Value::Kind::Boolean, "true or false");
    if (value != nullptr) {
        out = value->boolean;
    }
    return value != nullptr;
}

bool TableReader::whole(std::string_view key, std::uint64_t min, std::uint64_t max,
                        std::uint64_t& out) {
    const Value* value = take_kind(key, Value::Kind::Integer, "a whole number");
    if (value == nullptr) {
        return false;
    }
    const auto number = static_cast<std::uint64_t>(value->integer);
    if (value->integer < 0 || number < min || number > max) {
        refuse(key, fmt::format("{} is out of range; use {} to {}", value->integer, min, max));
        return false;
    }
    out = number;
    return true;
}

template <typename T>
bool TableReader::parsed(std::string_view key, Parsed<T> (*parse)(std::string_view), T& out) {
    std::string word;
    if (!text(key, word)) {
        return false;
    }
    const Parsed<T> value = parse(word);
    if (!value) {
        refuse(key, config::printable('"' + word + "\" ") + value.error());
        return false;
    }
    out = *value;
    return true;
}

bool TableReader::duration(std::string_view key, base::Duration& out) {
    return parsed(key, parse_duration, out);
}
bool TableReader::rate(std::string_view key, std::uint64_t& out) {
    return parsed(key, parse_rate, out);
}
bool TableReader::size(std::string_view key, std::uint64_t& out) {
    return parsed(key, parse_size, out);
}

bool TableReader::share(std::string_view key, double& out) {
    const Value* value = table_.find(key);
    if (value != nullptr && value->kind == Value::Kind::String) {
        return parsed(key, parse_share, out);
    }
    double read = 0;
    if (!number(key, read)) {
        return false;
    }
    if (!(read >= 0 && read <= 1)) {
        refuse(key, fmt::format("{} is out of range; use 0 to 1, or a text like \"5%\"", read));
        return false;
    }
    out = read;
    return true;
}

bool TableReader::number(std::string_view key, double& out) {
    const Value* value = take(key);
    if (value == nullptr) {
        return false;
    }
    if (value->kind == Value::Kind::Integer) {
        out = static_cast<double>(value->integer);
    } else if (value->kind == Value::Kind::Number) {
        out = value->number;
    } else {
        refuse(key, "must be a number, but is " + config::describe(*value));
        return false;
    }
    return true;
}

bool TableReader::texts(std::string_view key, std::vector<std::string>& out) {
    const Value* value = take(key);
    if (value == nullptr) {
        return false;
    }
    std::vector<std::string> read;
    const bool is_list = value->kind == Value::Kind::Array;
    const std::vector<Value> single = is_list ? std::vector<Value>{} : std::vector{*value};
    for (const Value& item : is_list ? value->items : single) {
        if (item.kind != Value::Kind::String) {
            refuse(key, "must be a text or a list of texts, but has " + config::describe(item));
            return false;
        }
        read.push_back(item.text);
    }
    out = std::move(read);
    return true;
}

const Value* TableReader::table(std::string_view key) {
    return take_kind(key, Value::Kind::Table, "a table like { … }");
}
const Value* TableReader::list(std::string_view key) {
    return take_kind(key, Value::Kind::Array, "a list in square brackets");
}

void TableReader::require(std::string_view key, std::string_view what) {
    if (!has(key)) {
        problems_.add(table_.line, shown(key), fmt::format("is missing; write {}", what));
    }
}

void TableReader::refuse(std::string_view key, std::string message) {
    const Value* value = table_.find(key);
    problems_.add(value == nullptr ? table_.line : value->line, shown(key), std::move(message));
}

void TableReader::finish() {
    for (const config::Member& member : table_.members) {
        if (std::ranges::find(known_, std::string_view(member.key)) == known_.end()) {
            problems_.add(member.line, shown(member.key),
                          "is not a known key here; use " + either(known_));
        }
    }
}

}  // namespace qe::sim
