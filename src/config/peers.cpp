// SPDX-License-Identifier: Apache-2.0
#include "config/peers.h"

#include <array>

#include <fmt/format.h>

#include "config/readers.h"
#include "config/unknown.h"

namespace qe::config {
namespace {

struct PeerField {
    std::string_view name;
    void (*read)(const In&, PeerConfig&);
};

constexpr std::array<std::string_view, 4> kNames = {"id", "name", "endpoints", "subnets"};

constexpr std::array<PeerField, 4> kFields = {{
    {"id", [](const In& in, PeerConfig& peer) { read_text<parse_peer_ref>(in, peer.id); }},
    {"name", [](const In& in, PeerConfig& peer) { read_text_or_none<parse_name>(in, peer.name); }},
    {"endpoints",
     [](const In& in, PeerConfig& peer) { read_list<parse_host_port>(in, peer.endpoints); }},
    {"subnets", [](const In& in, PeerConfig& peer) { read_list<parse_subnet>(in, peer.subnets); }},
}};

/// One entry; `index` names it in `places`.
PeerConfig read_peer(const Value& value, std::size_t index, Report& report, Places& places) {
    PeerConfig peer;
    for (const Member& member : value.members) {
        const std::string key = "peer." + member.key;
        const auto* field = std::ranges::find(kFields, member.key, &PeerField::name);
        if (field == kFields.end()) {
            report.add(member.line, key, unknown_key(member.key, kNames));
            continue;
        }
        places[fmt::format("peer[{}].{}", index, member.key)] = {member.line, key};
        field->read(In{member.value, key, report, {}}, peer);
    }
    if (value.find("id") == nullptr) {
        report.add(value.line, "peer.id", "is missing; write the peer's node id or public key");
    }
    return peer;
}

}  // namespace

std::vector<PeerConfig> read_peers(const Value& value, Report& report, Places& places) {
    if (value.kind != Value::Kind::Array) {
        report.add(value.line, "peer",
                   value.kind == Value::Kind::Table
                       ? "is a single table; write [[peer]] with two brackets"
                       : fmt::format("must be a list of tables, but is {}; write [[peer]]",
                                     describe(value)));
        return {};
    }
    std::vector<PeerConfig> peers;
    for (const Value& item : value.items) {
        if (item.kind != Value::Kind::Table) {
            report.add(item.line, "peer",
                       fmt::format("must be a list of tables, but {} is in it; write [[peer]]",
                                   describe(item)));
            continue;
        }
        peers.push_back(read_peer(item, peers.size(), report, places));
    }
    return peers;
}

}  // namespace qe::config
