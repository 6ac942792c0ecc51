// SPDX-License-Identifier: Apache-2.0
//
// [[expect]]: what must come of it. Times are kept in seconds, rates in bits or bytes per second.
#include <algorithm>

#include <fmt/format.h>

#include "sim/scenario/reading.h"

namespace qe::sim {
namespace {

/// In what a metric is measured, hence how its bounds are written.
enum class Unit : std::uint8_t { Time, Share, BitRate, ByteRate, Count, None };

struct Kind {
    Metric metric;
    Unit unit;
};

const std::vector<std::pair<std::string_view, Kind>>& kinds() {
    static const std::vector<std::pair<std::string_view, Kind>> kKinds = {
        {"meshed", {Metric::Meshed, Unit::Time}},
        {"parted", {Metric::Parted, Unit::Time}},
        {"delivery", {Metric::Delivery, Unit::Share}},
        {"rtt_p50", {Metric::RttP50, Unit::Time}},
        {"rtt_p99", {Metric::RttP99, Unit::Time}},
        {"longest_gap", {Metric::LongestGap, Unit::Time}},
        {"goodput", {Metric::Goodput, Unit::BitRate}},
        {"finished", {Metric::Finished, Unit::Time}},
        {"duplicates", {Metric::Duplicates, Unit::Count}},
        {"altered", {Metric::Altered, Unit::Count}},
        {"reconnects", {Metric::Reconnects, Unit::Count}},
        {"control_rate", {Metric::ControlRate, Unit::ByteRate}},
        {"counter", {Metric::Counter, Unit::Count}},
        {"log", {Metric::Log, Unit::Count}}};
    return kKinds;
}

bool of_flows(Metric metric) { return metric >= Metric::Delivery && metric <= Metric::Altered; }

void read_limit(TableReader& table, Unit unit, std::string_view key, std::optional<double>& out) {
    double value = 0;
    base::Duration time{0};
    std::uint64_t whole = 0;
    bool read = false;
    switch (unit) {
        case Unit::Time:
            read = table.duration(key, time);
            value = std::chrono::duration<double>(time).count();
            break;
        case Unit::Share:
            read = table.share(key, value);
            break;
        case Unit::BitRate:
            read = table.rate(key, whole);
            value = static_cast<double>(whole);
            break;
        case Unit::ByteRate:
            read = table.size(key, whole);
            value = static_cast<double>(whole);
            break;
        case Unit::Count:
            read = table.number(key, value);
            break;
        case Unit::None:
            break;
    }
    if (read) {
        out = value;
    }
}

/// "within" is the natural word for a time from `after` on.
void read_limits(TableReader& table, const Kind& kind, Bound& bound) {
    read_limit(table, kind.unit, "min", bound.min);
    read_limit(table, kind.unit, "max", bound.max);
    if (kind.metric == Metric::Meshed || kind.metric == Metric::Parted ||
        kind.metric == Metric::Finished) {
        read_limit(table, kind.unit, "within", bound.max);
    }
    double ratio = 0;
    const bool is_rtt = kind.metric == Metric::RttP50 || kind.metric == Metric::RttP99;
    if (is_rtt && table.number("max_path_ratio", ratio)) {
        bound.max_path_ratio = ratio;
    }
    if (!bound.min && !bound.max && !bound.max_path_ratio) {
        table.refuse("metric", "has no bound; add `min`, `max` or `within`");
    }
}

void read_flow_names(Reading& reading, TableReader& table, Bound& bound) {
    std::vector<std::string> names;
    table.texts("flow", names);
    for (const std::string& name : names) {
        bool found = false;
        for (const FlowOptions& flow : reading.scenario.flows) {
            // A [[traffic]] of several pairs has flows "name a-b".
            if (flow.name == name || flow.name.starts_with(name + " ")) {
                bound.flows.push_back(flow.name);
                found = true;
            }
        }
        if (!found) {
            table.refuse("flow",
                         fmt::format("no [[traffic]] is named \"{}\"", config::printable(name)));
        }
    }
}

/// `has` and `has_not` say for log records what min and max say for all else.
void read_log(TableReader& table, Bound& bound) {
    if (table.text("has_not", bound.text)) {
        bound.max = 0;
    } else if (table.text("has", bound.text)) {
        bound.min = 1;
    } else {
        table.refuse("metric", "needs `has` or `has_not`, a part of a log message");
    }
    read_limit(table, Unit::Count, "min", bound.min);
    read_limit(table, Unit::Count, "max", bound.max);
}

void read_bound(Reading& reading, TableReader& table) {
    Bound bound;
    bound.line = table.line();
    Kind kind{Metric::Meshed, Unit::None};
    table.require("metric", "what is measured, like \"meshed\"");
    if (!table.choice("metric", kinds(), kind)) {
        return;
    }
    bound.metric = kind.metric;
    table.duration("after", bound.after);
    base::Duration until{0};
    if (table.duration("until", until)) {
        bound.until = until;
        if (until <= bound.after || until > reading.scenario.duration) {
            table.refuse("until", "must lie between `after` and the end");
        }
    }
    if (of_flows(kind.metric)) {
        read_flow_names(reading, table, bound);
    } else {
        reading.host_list(table, "host", bound.hosts);
    }
    if (kind.metric == Metric::Counter) {
        table.require("name", "which counter, as in `quicether status`");
        table.text("name", bound.text);
    }
    if (kind.metric == Metric::Log) {
        read_log(table, bound);
    } else {
        read_limits(table, kind, bound);
    }
    reading.scenario.bounds.push_back(std::move(bound));
}

}  // namespace

void read_bounds(Reading& reading, TableReader& root) {
    root.require("expect", "at least one [[expect]]: a scenario must be able to fail");
    reading.each(root, "expect", [&](TableReader& table) { read_bound(reading, table); });
}

}  // namespace qe::sim
