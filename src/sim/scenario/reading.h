// SPDX-License-Identifier: Apache-2.0
//
// Reading: a scenario while it is read, and who reads which part. Private to read_*.cpp.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/scenario/scenario.h"
#include "sim/scenario/table_reader.h"

namespace qe::sim {

struct Reading {
    Scenario scenario;
    Problems& problems;
    /// What a name stands for: one host, all of a [[host]] with a count, or "all".
    std::map<std::string, std::vector<HostId>, std::less<>> hosts;

    /// Calls `read` with a TableReader for each table of the list `key`.
    template <typename Read>
    void each(TableReader& from, std::string_view key, Read&& read) {
        const config::Value* list = from.list(key);
        for (std::size_t i = 0; list != nullptr && i < list->items.size(); ++i) {
            const std::string path = from.shown(key) + "[" + std::to_string(i) + "].";
            if (list->items[i].kind != config::Value::Kind::Table) {
                problems.add(list->items[i].line, from.shown(key), "must be a list of tables");
                return;
            }
            TableReader table(list->items[i], path, problems);
            read(table);
            table.finish();
        }
    }

    /// Names, groups, "all" and "n1..n5", in the order given and each once.
    bool host_list(TableReader& from, std::string_view key, std::vector<HostId>& out);
    bool one_host(TableReader& from, std::string_view key, HostId& out);
    /// As it is written: "n1..n5" is five names.
    [[nodiscard]] std::vector<HostId> resolve(const std::string& name) const;
    [[nodiscard]] const std::string& name_of(HostId id) const {
        return scenario.hosts[id].options.name;
    }
    [[nodiscard]] bool is_network(const std::string& name) const;
};

/// `link = { … }` of hosts, `uplink`, `conditions`: what a LinkChange can say.
void read_link(TableReader& from, std::string_view key, LinkChange& out);
/// One direction, keys and all: of a way between regions.
void read_pipe(TableReader& table, PipeChange& out);

void read_regions(Reading& reading, TableReader& root);
void read_networks(Reading& reading, TableReader& root);
void read_hosts(Reading& reading, TableReader& root);
void read_overlay(Reading& reading, TableReader& root);
void read_flows(Reading& reading, TableReader& root);
void read_actions(Reading& reading, TableReader& root);
void read_bounds(Reading& reading, TableReader& root);

/// NAT boxes by the names people know them by; see docs/simulation.md.
[[nodiscard]] const std::vector<std::pair<std::string_view, NatOptions>>& nat_kinds();

}  // namespace qe::sim
