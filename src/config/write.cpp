// SPDX-License-Identifier: Apache-2.0
//
// Config → TOML: the whole effective configuration, and single values.
#include <fmt/format.h>

#include "config/encode.h"
#include "config/schema.h"
#include "quicether/config/config.h"

namespace qe::config {
namespace {

void write_field(const Field& field, const Config& config, std::string& out) {
    const std::string value = field.write(config);
    out += value.empty() ? fmt::format("# {} is not set\n", field.name)
                         : fmt::format("{} = {}\n", field.name, value);
}

void write_peer(const PeerConfig& peer, std::string& out) {
    out += fmt::format("\n[[peer]]\nid = {}\nname = {}\nendpoints = {}\nsubnets = {}\n",
                       encode(peer.id), encode(peer.name), encode(peer.endpoints),
                       encode(peer.subnets));
}

}  // namespace

std::string to_toml(const Config& config) {
    std::string out;
    std::string_view table;
    for (const Field& field : schema()) {
        if (field.table != table) {
            out += fmt::format("{}[{}]\n", table.empty() ? "" : "\n", field.table);
            table = field.table;
        }
        write_field(field, config, out);
    }
    for (const PeerConfig& peer : config.peer) {
        write_peer(peer, out);
    }
    return out;
}

std::string encode(const PeerConfig& peer) {
    return fmt::format("{{ id = {}, name = {}, endpoints = {}, subnets = {} }}", encode(peer.id),
                       encode(peer.name), encode(peer.endpoints), encode(peer.subnets));
}

// NOLINTNEXTLINE(misc-no-recursion): depth is bounded by the reader
std::string encode(const Value& value) {
    switch (value.kind) {
        case Value::Kind::String:
            return toml_string(value.text);
        case Value::Kind::Integer:
            return fmt::format("{}", value.integer);
        case Value::Kind::Number: {
            // A whole number of type float stays a float.
            const std::string text = fmt::format("{}", value.number);
            const bool is_whole = text.find_first_not_of("-0123456789") == std::string::npos;
            return is_whole ? text + ".0" : text;
        }
        case Value::Kind::Boolean:
            return encode(value.boolean);
        case Value::Kind::Array:
            return encode(value.items);
        case Value::Kind::Time:
        case Value::Kind::Table:
            break;
    }
    std::string out;
    for (const Member& member : value.members) {
        out += fmt::format("{}{} = {}", out.empty() ? " " : ", ", toml_key(member.key),
                           encode(member.value));
    }
    return out.empty() ? "{}" : '{' + out + " }";
}

}  // namespace qe::config
