// SPDX-License-Identifier: Apache-2.0
//
// [[at]]: what happens to the world, and when.
#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/scenario/reading.h"

namespace qe::sim {
namespace {

/// Reads the keys of one action, and says for people what it does.
using Reader = std::function<Change(Reading&, TableReader&, std::string& what)>;

std::string names(const Reading& reading, const std::vector<HostId>& hosts) {
    constexpr std::size_t kShownMax = 4;
    std::vector<std::string> shown;
    for (const HostId id : hosts) {
        shown.push_back(reading.name_of(id));
    }
    if (shown.size() > kShownMax) {
        const std::size_t more = shown.size() - 2;
        shown.resize(2);
        return fmt::format("{} and {} more", fmt::join(shown, ", "), more);
    }
    return fmt::format("{}", fmt::join(shown, ", "));
}

std::vector<HostId> hosts_in(Reading& reading, TableReader& table, std::string& what) {
    std::vector<HostId> hosts;
    table.require("host", "the name of a host, or a list of names");
    reading.host_list(table, "host", hosts);
    what += " " + names(reading, hosts);
    return hosts;
}

bool has_interface(const HostPlan& host, const std::string& name) {
    return std::ranges::any_of(host.options.interfaces,
                               [&](const auto& i) { return i.name == name; });
}

std::string interface_in(Reading& reading, TableReader& table, const std::vector<HostId>& hosts) {
    std::string interface;
    table.text("interface", interface);
    for (const HostId id : hosts) {
        if (!interface.empty() && !has_interface(reading.scenario.hosts[id], interface)) {
            table.refuse("interface",
                         fmt::format("{} has no interface of this name", reading.name_of(id)));
        }
    }
    return interface;
}

template <typename Plain>
Change read_plain(Reading& reading, TableReader& table, std::string& what) {
    return Plain{hosts_in(reading, table, what)};
}

bool is_way(const Scenario& scenario, const std::string& link) {
    return std::ranges::any_of(scenario.region_links,
                               [&](const auto& way) { return link == way.a + "-" + way.b; });
}

/// Links by name, or all interfaces of hosts.
std::vector<std::string> links_in(Reading& reading, TableReader& table, std::string& what) {
    std::vector<std::string> links;
    table.texts("link", links);
    for (const std::string& link : links) {
        const std::size_t slash = link.find('/');
        const auto hosts = reading.resolve(link.substr(0, slash));
        const bool is_access =
            slash != std::string::npos && hosts.size() == 1 &&
            has_interface(reading.scenario.hosts[hosts.front()], link.substr(slash + 1));
        if (!is_access && !reading.is_network(link) && !is_way(reading.scenario, link)) {
            table.refuse("link", fmt::format("\"{}\" is not a link; use \"host/eth0\", the name of "
                                             "a network for its uplink, or \"region-region\"",
                                             config::printable(link)));
        }
    }
    what += fmt::format(" {}", fmt::join(links, ", "));
    std::vector<HostId> hosts;
    if (reading.host_list(table, "host", hosts)) {
        what += names(reading, hosts);
    }
    for (const HostId id : hosts) {
        for (const InterfaceOptions& interface : reading.scenario.hosts[id].options.interfaces) {
            links.push_back(reading.name_of(id) + "/" + interface.name);
        }
    }
    if (links.empty()) {
        table.refuse("link", "is missing; name a link, or hosts with `host`");
    }
    return links;
}

Change read_set_link(Reading& reading, TableReader& table, std::string& what) {
    SetLink change;
    change.links = links_in(reading, table, what);
    table.require("conditions", "what changes, like { rtt = \"500ms\", loss = \"10%\" }");
    read_link(table, "conditions", change.change);
    table.duration("over", change.over);
    return change;
}

template <bool kUp>
Change read_carrier(Reading& reading, TableReader& table, std::string& what) {
    const auto hosts = hosts_in(reading, table, what);
    return Carrier{hosts, interface_in(reading, table, hosts), kUp};
}

Change read_flap(Reading& reading, TableReader& table, std::string& what) {
    Flap flap;
    flap.hosts = hosts_in(reading, table, what);
    flap.interface = interface_in(reading, table, flap.hosts);
    table.require("down", "for how long there is no carrier");
    table.duration("down", flap.down);
    return flap;
}

Change read_partition(Reading& reading, TableReader& table, std::string& what) {
    Partition partition;
    table.require("groups", "lists of hosts, like [[\"a\", \"b\"], [\"c\"]]");
    const config::Value* groups = table.list("groups");
    for (std::size_t i = 0; groups != nullptr && i < groups->items.size(); ++i) {
        std::vector<HostId>& group = partition.groups.emplace_back();
        for (const config::Value& item : groups->items[i].items) {
            const auto ids = reading.resolve(item.text);
            if (ids.empty()) {
                table.refuse("groups", "must be lists of names of hosts");
            }
            group.insert(group.end(), ids.begin(), ids.end());
        }
        what += (i == 0 ? " " : " | ") + names(reading, group);
    }
    return partition;
}

Change read_block(Reading& reading, TableReader& table, std::string& what) {
    Block block;
    table.require("from", "whose packets vanish");
    table.require("to", "on their way to whom");
    reading.host_list(table, "from", block.from);
    reading.host_list(table, "to", block.to);
    what += fmt::format(" {} to {}", names(reading, block.from), names(reading, block.to));
    return block;
}

Change read_heal(Reading& /*reading*/, TableReader& /*table*/, std::string& /*what*/) {
    return Heal{};
}

Change read_crash(Reading& reading, TableReader& table, std::string& what) {
    return Crash{hosts_in(reading, table, what), std::nullopt};
}

Change read_restart(Reading& reading, TableReader& table, std::string& what) {
    base::Duration after{0};
    Crash crash{hosts_in(reading, table, what), std::nullopt};
    table.duration("after", after);
    crash.restart_after = after;
    return crash;
}

Change read_suspend(Reading& reading, TableReader& table, std::string& what) {
    Suspend suspend{hosts_in(reading, table, what), std::nullopt};
    base::Duration lasts{0};
    if (table.duration("for", lasts)) {
        suspend.resume_after = lasts;
    }
    return suspend;
}

Change read_move(Reading& reading, TableReader& table, std::string& what) {
    Move move;
    table.require("host", "the host that moves");
    reading.one_host(table, "host", move.host);
    what += " " + reading.name_of(move.host);
    move.interface = interface_in(reading, table, {move.host});
    const auto& interfaces = reading.scenario.hosts[move.host].options.interfaces;
    if (move.interface.empty()) {
        move.interface = interfaces.front().name;
    }
    move.network = interfaces.front().network;
    if (table.text("network", move.network)) {
        what += " to " + move.network;
        if (!reading.is_network(move.network)) {
            table.refuse("network", "must be a [[network]] of this file");
        }
    }
    LinkChange link;
    read_link(table, "link", link);
    move.link = link.applied_to({});
    return move;
}

Change read_rebind(Reading& reading, TableReader& table, std::string& what) {
    RebindNat rebind;
    table.require("network", "the network behind the NAT");
    table.text("network", rebind.network);
    table.truth("new_address", rebind.new_address);
    const auto& networks = reading.scenario.networks;
    if (std::ranges::none_of(networks,
                             [&](const auto& n) { return n.name == rebind.network && n.nat; })) {
        table.refuse("network", "must be a [[network]] with `nat`");
    }
    what += " " + rebind.network;
    return rebind;
}

Change read_disk(Reading& reading, TableReader& table, std::string& what) {
    SetDisk change{hosts_in(reading, table, what), {}};
    table.duration("write_time", change.disk.write_time);
    table.truth("full", change.disk.full);
    table.truth("torn_on_crash", change.disk.torn_on_crash);
    return change;
}

/// The admin that does it.
HostId admin_in(Reading& reading, TableReader& table, std::string& what) {
    HostId by = 0;
    if (!reading.scenario.overlay) {
        table.refuse("action", "needs a network; add an [overlay]");
        return by;
    }
    by = reading.scenario.overlay->founder;
    reading.one_host(table, "by", by);
    what += " by " + reading.name_of(by);
    return by;
}

Change read_join(Reading& reading, TableReader& table, std::string& what) {
    Join join;
    join.hosts = hosts_in(reading, table, what);
    join.by = admin_in(reading, table, what);
    table.text("name", join.name);
    return join;
}

Change read_promote(Reading& reading, TableReader& table, std::string& what) {
    Promote promote;
    table.require("host", "the member that shall be an admin");
    if (reading.one_host(table, "host", promote.host)) {
        what += " " + reading.name_of(promote.host);
    }
    promote.by = admin_in(reading, table, what);
    return promote;
}

Change read_revoke(Reading& reading, TableReader& table, std::string& what) {
    Revoke revoke;
    revoke.hosts = hosts_in(reading, table, what);
    revoke.by = admin_in(reading, table, what);
    return revoke;
}

const std::vector<std::pair<std::string_view, Reader>>& readers() {
    static const std::vector<std::pair<std::string_view, Reader>> kReaders = {
        {"set_link", read_set_link},
        {"link_down", read_carrier<false>},
        {"link_up", read_carrier<true>},
        {"flap", read_flap},
        {"partition", read_partition},
        {"block", read_block},
        {"heal", read_heal},
        {"start", read_plain<Start>},
        {"crash", read_crash},
        {"restart", read_restart},
        {"leave", read_plain<Leave>},
        {"suspend", read_suspend},
        {"resume", read_plain<Resume>},
        {"move", read_move},
        {"rebind_nat", read_rebind},
        {"disk", read_disk},
        {"join", read_join},
        {"promote", read_promote},
        {"revoke", read_revoke}};
    return kReaders;
}

void read_action(Reading& reading, TableReader& table) {
    Action action;
    table.require("time", "when it happens, since the beginning");
    table.require("action", "what happens, like \"crash\"");
    table.duration("time", action.when);
    base::Duration every{0};
    std::uint64_t times = 1;
    table.duration("every", every);
    table.whole("times", 1, 100'000, times);
    table.text("action", action.what);
    Reader reader;
    if (!table.choice("action", readers(), reader)) {
        return;
    }
    action.change = reader(reading, table, action.what);
    if (times > 1 && every == base::Duration(0)) {
        table.refuse("times", "needs `every`, the time between");
    }
    for (std::uint64_t i = 0; i < times; ++i) {
        if (action.when > reading.scenario.duration) {
            table.refuse("time", "comes after the end; lengthen `duration`");
            return;
        }
        reading.scenario.actions.push_back(action);
        action.when += every;
    }
}

}  // namespace

void read_actions(Reading& reading, TableReader& root) {
    reading.each(root, "at", [&](TableReader& table) { read_action(reading, table); });
    std::ranges::stable_sort(reading.scenario.actions, {}, &Action::when);
}

}  // namespace qe::sim
