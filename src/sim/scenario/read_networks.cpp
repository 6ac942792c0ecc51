// SPDX-License-Identifier: Apache-2.0
//
// [[region]], [[way]] and [[network]].
#include <algorithm>

#include <fmt/format.h>

#include "sim/scenario/reading.h"

namespace qe::sim {
namespace {

bool is_region(const Scenario& scenario, const std::string& name) {
    return std::ranges::any_of(scenario.regions, [&](const auto& r) { return r.name == name; });
}

bool is_taken(const Reading& reading, const std::string& name) {
    return is_region(reading.scenario, name) || reading.is_network(name);
}

void read_name(Reading& reading, TableReader& table, std::string& name) {
    table.require("name", "a name");
    if (table.text("name", name) && (name.empty() || name.find('/') != std::string::npos)) {
        table.refuse("name", "must be a word without slashes");
    } else if (is_taken(reading, name)) {
        table.refuse("name", fmt::format("\"{}\" exists already; use another name", name));
    }
}

void read_way(Reading& reading, TableReader& table) {
    RegionLink way;
    std::vector<std::string> between;
    table.require("between", "two regions, like [\"europe\", \"asia\"]");
    if (table.texts("between", between) && (between.size() != 2 || between[0] == between[1] ||
                                            !std::ranges::all_of(between, [&](const auto& r) {
                                                return is_region(reading.scenario, r);
                                            }))) {
        table.refuse("between", "must name two regions of this file");
    } else if (between.size() == 2) {
        way.a = between[0];
        way.b = between[1];
    }
    PipeChange conditions;
    read_pipe(table, conditions);
    conditions.apply_to(way.each_way);
    reading.scenario.region_links.push_back(way);
}

NatOptions read_nat_table(TableReader& table) {
    const std::vector<std::pair<std::string_view, NatDependence>> dependences = {
        {"endpoint-independent", NatDependence::EndpointIndependent},
        {"address", NatDependence::Address},
        {"address-and-port", NatDependence::AddressAndPort}};
    NatOptions nat;
    table.choice("mapping", dependences, nat.mapping);
    table.choice("filtering", dependences, nat.filtering);
    table.truth("preserve_ports", nat.preserve_ports);
    table.truth("hairpin", nat.hairpin);
    table.duration("lifetime", nat.lifetime);
    table.choice<NatAllocation>(
        "allocation",
        {{"contiguous", NatAllocation::Contiguous}, {"random", NatAllocation::Random}},
        nat.allocation);
    table.finish();
    return nat;
}

void read_nat(TableReader& table, std::optional<NatOptions>& out) {
    const config::Value* value = table.take("nat");
    if (value == nullptr) {
        return;
    }
    if (value->kind == config::Value::Kind::Table) {
        TableReader inner(*value, table.shown("nat") + ".", table.problems());
        out = read_nat_table(inner);
        return;
    }
    NatOptions nat;
    if (table.choice("nat", nat_kinds(), nat)) {
        out = nat;
    }
}

void read_firewall(TableReader& table, std::optional<FirewallOptions>& out) {
    UdpPolicy udp = UdpPolicy::RepliesOnly;
    if (table.choice<UdpPolicy>("firewall",
                                {{"replies-only", UdpPolicy::RepliesOnly},
                                 {"block-udp", UdpPolicy::Block},
                                 {"open", UdpPolicy::Allow}},
                                udp)) {
        out = FirewallOptions{};
        out->udp = udp;
    }
    base::Duration lifetime{0};
    if (table.duration("reply_lifetime", lifetime)) {
        if (out) {
            out->reply_lifetime = lifetime;
        } else {
            table.refuse("reply_lifetime", "has no effect without `firewall`; remove it");
        }
    }
}

void read_prefixes(Reading& reading, TableReader& table, NetworkOptions& network) {
    const std::size_t number = reading.scenario.networks.size();
    // Without a choice of one's own: private addresses behind a NAT, else public ones.
    network.v4 = *net::parse_prefix(network.nat ? fmt::format("10.{}.0.0/16", number % 256)
                                                : fmt::format("203.{}.0.0/16", number % 256));
    std::string text;
    if (table.text("v4", text)) {
        const auto prefix = net::parse_prefix(text);
        if (!prefix || !prefix->address().is_v4() || prefix->length() > 30) {
            table.refuse("v4", "is not a network; write one like \"10.1.0.0/24\"");
        } else {
            network.v4 = prefix->network();
        }
    }
    if (table.text("v6", text)) {
        const auto prefix = net::parse_prefix(text);
        if (!prefix || !prefix->address().is_v6() || prefix->length() > 120) {
            table.refuse("v6", "is not a network; write one like \"2001:db8:1::/64\"");
        } else {
            network.v6 = prefix->network();
        }
    }
}

void read_network(Reading& reading, TableReader& table) {
    NetworkOptions network;
    read_name(reading, table, network.name);
    table.text("in", network.parent);
    if (network.parent.empty() && !reading.scenario.regions.empty()) {
        network.parent = reading.scenario.regions.front().name;
    } else if (!is_taken(reading, network.parent)) {
        table.refuse("in", fmt::format("\"{}\" is neither a region nor a network before this one",
                                       config::printable(network.parent)));
    }
    read_nat(table, network.nat);
    read_firewall(table, network.firewall);
    read_prefixes(reading, table, network);
    LinkChange uplink;
    read_link(table, "uplink", uplink);
    network.uplink = uplink.applied_to({});
    reading.scenario.networks.push_back(network);
}

}  // namespace

bool Reading::is_network(const std::string& name) const {
    return std::ranges::any_of(scenario.networks, [&](const auto& n) { return n.name == name; });
}

const std::vector<std::pair<std::string_view, NatOptions>>& nat_kinds() {
    using enum NatDependence;
    static const auto kKinds = [] {
        const auto make = [](NatDependence mapping, NatDependence filtering) {
            NatOptions nat;
            nat.mapping = mapping;
            nat.filtering = filtering;
            return nat;
        };
        return std::vector<std::pair<std::string_view, NatOptions>>{
            {"full-cone", make(EndpointIndependent, EndpointIndependent)},
            {"restricted-cone", make(EndpointIndependent, Address)},
            {"port-restricted-cone", make(EndpointIndependent, AddressAndPort)},
            {"symmetric", make(AddressAndPort, AddressAndPort)}};
    }();
    return kKinds;
}

void read_regions(Reading& reading, TableReader& root) {
    reading.each(root, "region", [&](TableReader& table) {
        RegionPlan region;
        read_name(reading, table, region.name);
        reading.scenario.regions.push_back(region);
    });
    reading.each(root, "way", [&](TableReader& table) { read_way(reading, table); });
}

void read_networks(Reading& reading, TableReader& root) {
    if (root.has("network") && reading.scenario.regions.empty()) {
        reading.scenario.regions.push_back({"world"});
    }
    reading.each(root, "network", [&](TableReader& table) { read_network(reading, table); });
}

}  // namespace qe::sim
