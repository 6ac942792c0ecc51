// SPDX-License-Identifier: Apache-2.0
//
// [[traffic]]: each becomes one flow for each pair of hosts.
#include <algorithm>

#include <fmt/format.h>

#include "sim/scenario/reading.h"

namespace qe::sim {
namespace {

constexpr std::uint16_t kFirstPort = 5000;

enum class Pairs : std::uint8_t { Each, Ring };

void read_times(TableReader& table, FlowOptions& flow) {
    base::Duration stop{0};
    table.duration("start", flow.start);
    if (table.duration("stop", stop)) {
        flow.stop = stop;
        if (stop <= flow.start) {
            table.refuse("stop", "must come after `start`");
        }
    }
}

/// Of pings and datagrams: their size, and how often.
void read_probes(TableReader& table, FlowOptions& flow) {
    constexpr std::size_t kUdpSize = 1200;
    flow.packet_bytes = flow.kind == FlowKind::Udp ? kUdpSize : flow.packet_bytes;
    table.whole("packet_bytes", 60, 9000, flow.packet_bytes);
    table.duration("interval", flow.interval);
    std::uint64_t rate = 0;
    if (flow.kind == FlowKind::Udp && table.rate("rate", rate) && rate > 0) {
        constexpr std::uint64_t kNanoBits = 8'000'000'000;
        flow.interval =
            base::Duration(static_cast<std::int64_t>(flow.packet_bytes * kNanoBits / rate));
    }
    if (flow.interval <= base::Duration(0)) {
        table.refuse("interval", "must be above 0");
    }
}

void read_tcp(TableReader& table, FlowOptions& flow) {
    table.size("bytes", flow.bytes);
    table.truth("ecn", flow.ecn);
    table.truth("super_packets", flow.super_packets);
    table.choice<TcpControl>("control", {{"cubic", TcpControl::Cubic}, {"reno", TcpControl::Reno}},
                             flow.control);
}

void add_flow(Reading& reading, FlowOptions flow, HostId from, HostId to, bool only) {
    flow.from = from;
    flow.to = to;
    if (!only) {
        flow.name += fmt::format(" {}-{}", reading.name_of(from), reading.name_of(to));
    }
    flow.port = static_cast<std::uint16_t>(kFirstPort + reading.scenario.flows.size());
    reading.scenario.flows.push_back(std::move(flow));
}

void add_flows(Reading& reading, const FlowOptions& flow, const std::vector<HostId>& from,
               const std::vector<HostId>& to, Pairs pairs) {
    if (pairs == Pairs::Ring) {
        for (std::size_t i = 0; i < from.size(); ++i) {
            add_flow(reading, flow, from[i], from[(i + 1) % from.size()], false);
        }
        return;
    }
    for (const HostId a : from) {
        for (const HostId b : to) {
            if (a != b) {
                add_flow(reading, flow, a, b, from.size() * to.size() == 1);
            }
        }
    }
}

void read_flow(Reading& reading, TableReader& table) {
    FlowOptions flow;
    std::string kind = "ping";
    table.require("kind", "\"ping\", \"udp\" or \"tcp\"");
    if (!table.choice<FlowKind>(
            "kind", {{"ping", FlowKind::Ping}, {"udp", FlowKind::Udp}, {"tcp", FlowKind::Tcp}},
            flow.kind)) {
        return;
    }
    table.text("kind", flow.name);
    table.text("name", flow.name);
    table.choice<net::Family>("family", {{"v4", net::Family::V4}, {"v6", net::Family::V6}},
                              flow.family);
    read_times(table, flow);
    if (flow.kind == FlowKind::Tcp) {
        read_tcp(table, flow);
    } else {
        read_probes(table, flow);
    }
    Pairs pairs = Pairs::Each;
    table.choice<Pairs>("pairs", {{"each", Pairs::Each}, {"ring", Pairs::Ring}}, pairs);
    std::vector<HostId> from;
    std::vector<HostId> to;
    table.require("from", "the hosts that send");
    if (pairs == Pairs::Each) {
        table.require("to", "the hosts that are sent to");
        reading.host_list(table, "to", to);
    }
    reading.host_list(table, "from", from);
    add_flows(reading, flow, from, to, pairs);
}

}  // namespace

void read_flows(Reading& reading, TableReader& root) {
    reading.each(root, "traffic", [&](TableReader& table) { read_flow(reading, table); });
}

}  // namespace qe::sim
