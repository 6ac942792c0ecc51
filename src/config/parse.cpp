// SPDX-License-Identifier: Apache-2.0
//
// Tree → Config: walks the text's tables along the schema, then checks the whole.
#include <algorithm>

#include <fmt/format.h>

#include "config/check.h"
#include "config/peers.h"
#include "config/schema.h"
#include "config/text.h"
#include "config/unknown.h"
#include "quicether/config/config.h"

namespace qe::config {
namespace {

std::vector<std::string_view> keys_of(std::string_view table) {
    std::vector<std::string_view> keys;
    for (const Field& field : schema()) {
        if (field.table == table) {
            keys.push_back(field.name);
        }
    }
    return keys;
}

/// What parsing carries along.
struct Reading {
    Config config;
    Places places;
    Report report;
};

void read_member(std::string_view table, const Member& member, Reading& reading) {
    const std::string key = fmt::format("{}.{}", table, member.key);
    const Field* field = find_field(key);
    if (field == nullptr) {
        reading.report.add(member.line, key, unknown_key(member.key, keys_of(table)));
        return;
    }
    reading.places[key] = {member.line, key};
    field->read(In{member.value, key, reading.report, reading.config.peer}, reading.config);
}

void read_table(const Member& table, Reading& reading) {
    if (table.value.kind != Value::Kind::Table) {
        const bool is_list = table.value.kind == Value::Kind::Array;
        reading.report.add(
            table.line, table.key,
            is_list ? fmt::format("is a list of tables; write [{}] with one bracket", table.key)
                    : fmt::format("must be a table, but is {}; write [{}] on a line of its own",
                                  describe(table.value), table.key));
        return;
    }
    for (const Member& member : table.value.members) {
        read_member(table.key, member, reading);
    }
}

void read_root(const Value& root, Reading& reading) {
    // Peers first: other keys may refer to them by name.
    if (const Value* peers = root.find("peer")) {
        reading.config.peer = read_peers(*peers, reading.report, reading.places);
    }
    for (const Member& member : root.members) {
        if (member.key == "peer") {
            continue;
        }
        if (std::ranges::find(table_names(), member.key) != table_names().end()) {
            read_table(member, reading);
        } else {
            const bool is_table = member.value.kind == Value::Kind::Table;
            reading.report.add(member.line, member.key, unknown_table(member.key, is_table));
        }
    }
}

}  // namespace

Checked<Config> parse(std::string_view text, std::string_view file_label) {
    auto root = read_toml(text, file_label);
    if (!root) {
        return tl::unexpected(std::move(root.error()));
    }
    Reading reading{{}, {}, Report(file_label)};
    read_root(*root, reading);
    check(reading.config, reading.places, reading.report);
    if (!reading.report.empty()) {
        return tl::unexpected(reading.report.take());
    }
    return std::move(reading.config);
}

}  // namespace qe::config
