// SPDX-License-Identifier: Apache-2.0
//
// [overlay]: the network that hosts make and join.
#include <algorithm>

#include "sim/scenario/reading.h"

namespace qe::sim {
namespace {

void read_prefix(TableReader& table, std::string& out) {
    constexpr unsigned kLengthMin = 8;
    constexpr unsigned kLengthMax = 30;
    if (!table.text("prefix", out)) {
        return;
    }
    const auto prefix = net::parse_prefix(out);
    if (!prefix || prefix->family() != net::Family::V4 || prefix->length() < kLengthMin ||
        prefix->length() > kLengthMax) {
        table.refuse("prefix", "must be an IPv4 prefix from /8 to /30, like \"100.64.7.0/24\"");
    }
}

}  // namespace

void read_overlay(Reading& reading, TableReader& root) {
    const config::Value* const value = root.table("overlay");
    if (value == nullptr) {
        return;
    }
    TableReader table(*value, "overlay.", reading.problems);
    OverlayPlan plan;
    table.text("name", plan.name);
    read_prefix(table, plan.prefix);
    reading.one_host(table, "founder", plan.founder);
    if (!table.has("members") || !reading.host_list(table, "members", plan.members)) {
        plan.members = reading.resolve("all");
    }
    table.finish();
    reading.scenario.overlay = std::move(plan);
}

}  // namespace qe::sim
