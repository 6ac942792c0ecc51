// SPDX-License-Identifier: Apache-2.0
//
// [[host]], and what names of hosts mean.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "sim/scenario/reading.h"

namespace qe::sim {
namespace {

/// Names of one of HostPlan's lists, as written; resolved when all hosts are there.
struct Known {
    std::vector<HostId> by;
    std::vector<std::string> names;
    std::size_t line = 0;
    std::string key;
    std::vector<HostId> HostPlan::*list = &HostPlan::knows;
};

void read_interface(Reading& reading, TableReader& table, InterfaceOptions& out) {
    table.text("name", out.name);
    out.network = "net";
    if (table.text("network", out.network) && !reading.is_network(out.network)) {
        table.refuse("network", fmt::format("\"{}\" is not a [[network]] of this file",
                                            config::printable(out.network)));
    }
    std::uint64_t metric = 0;
    table.whole("metric", 0, 1U << 20, metric);
    out.metric = static_cast<std::uint32_t>(metric);
    LinkChange link;
    read_link(table, "link", link);
    out.link = link.applied_to({});
}

void read_interfaces(Reading& reading, TableReader& table, HostOptions& options) {
    reading.each(table, "interface", [&](TableReader& inner) {
        read_interface(reading, inner, options.interfaces.emplace_back());
    });
    if (!options.interfaces.empty()) {
        return;
    }
    // The short form: one interface, its keys beside the host's.
    InterfaceOptions only;
    only.network = "net";
    if (table.text("network", only.network) && !reading.is_network(only.network)) {
        table.refuse("network", fmt::format("\"{}\" is not a [[network]] of this file",
                                            config::printable(only.network)));
    }
    LinkChange link;
    read_link(table, "link", link);
    only.link = link.applied_to({});
    options.interfaces.push_back(only);
}

void read_subnets(TableReader& table, std::vector<net::Prefix>& out) {
    std::vector<std::string> texts;
    table.texts("subnets", texts);
    for (const std::string& text : texts) {
        const auto prefix = net::parse_prefix(text);
        if (prefix) {
            out.push_back(prefix->network());
        } else {
            table.refuse("subnets", "must be networks like \"192.168.7.0/24\"");
        }
    }
}

/// The interfaces of a host that has several, all of them in use at a time.
void read_multipath(TableReader& table, config::Config::Multipath& out) {
    if (const config::Value* value = table.table("multipath")) {
        TableReader multipath(*value, table.shown("multipath") + ".", table.problems());
        out.enabled = true;
        multipath.texts("interfaces", out.interfaces);
        multipath.text("scheduler", out.scheduler);
        multipath.text("mode", out.mode);
        multipath.finish();
    }
}

void read_config(TableReader& table, config::Config& config) {
    using config::CongestionControl;
    using config::NodeRole;
    table.choice<NodeRole>("role",
                           {{"full", NodeRole::Full},
                            {"light", NodeRole::Light},
                            {"gateway", NodeRole::Gateway},
                            {"bootstrap", NodeRole::Bootstrap}},
                           config.node.role);
    table.choice<CongestionControl>(
        "congestion", {{"bbr", CongestionControl::Bbr}, {"cubic", CongestionControl::Cubic}},
        config.performance.congestion_control);
    using config::ConnectPolicy;
    table.choice<ConnectPolicy>("connect",
                                {{"auto", ConnectPolicy::Auto},
                                 {"on-demand", ConnectPolicy::OnDemand},
                                 {"full-mesh", ConnectPolicy::FullMesh}},
                                config.peers.connect);
    base::Duration idle = config.peers.idle_timeout;
    table.duration("idle_timeout", idle);
    config.peers.idle_timeout = std::chrono::duration_cast<base::seconds>(idle);
    std::uint64_t mtu = config.network.mtu;
    table.whole("mtu", config::kMtuMin, config::kMtuMax, mtu);
    config.network.mtu = static_cast<std::uint16_t>(mtu);
    read_subnets(table, config.network.advertise_subnets);
    read_multipath(table, config.multipath);
}

void read_disk(TableReader& table, DiskOptions& out) {
    if (const config::Value* value = table.table("disk")) {
        TableReader disk(*value, table.shown("disk") + ".", table.problems());
        disk.duration("write_time", out.write_time);
        disk.truth("full", out.full);
        disk.truth("torn_on_crash", out.torn_on_crash);
        disk.finish();
    }
}

Dials read_dials(TableReader& table) {
    Dials dials = Dials::All;
    table.choice<Dials>(
        "dials", {{"all", Dials::All}, {"earlier", Dials::Earlier}, {"nobody", Dials::Nobody}},
        dials);
    return dials;
}

/// When the nodes of one [[host]] start: all at once, or spread evenly.
struct Starts {
    base::Duration first{0};
    base::Duration spread{0};
    bool at_all = true;
};

Starts read_starts(TableReader& table) {
    Starts starts;
    table.duration("start", starts.first);
    table.duration("start_spread", starts.spread);
    table.truth("starts", starts.at_all);
    return starts;
}

void add_hosts(Reading& reading, TableReader& table, const HostOptions& model,
               std::uint64_t count) {
    const Starts starts = read_starts(table);
    const Dials dials = read_dials(table);
    std::vector<HostId>& group = reading.hosts[model.name];
    if (!group.empty() || model.name == "all") {
        table.refuse("name", "exists already, or means all hosts; use another name");
        return;
    }
    for (std::uint64_t i = 0; i < count; ++i) {
        HostPlan plan;
        plan.options = model;
        plan.start = starts.first + starts.spread * static_cast<std::int64_t>(i) /
                                        static_cast<std::int64_t>(count);
        plan.starts = starts.at_all;
        plan.dials = dials;
        const auto id = static_cast<HostId>(reading.scenario.hosts.size());
        if (count > 1) {
            plan.options.name = fmt::format("{}{}", model.name, i + 1);
            reading.hosts[plan.options.name] = {id};
        }
        reading.hosts[model.name].push_back(id);
        reading.hosts["all"].push_back(id);
        reading.scenario.hosts.push_back(std::move(plan));
    }
}

void read_host(Reading& reading, TableReader& table, bool has_overlay, std::vector<Known>& known) {
    constexpr std::uint64_t kHostsMax = 2000;
    HostOptions model;
    table.require("name", "a name");
    table.text("name", model.name);
    std::uint64_t count = 1;
    table.whole("count", 1, kHostsMax, count);
    read_interfaces(reading, table, model);
    read_config(table, model.config);
    read_disk(table, model.disk);
    bool offloads = false;
    table.truth("tun_offloads", offloads);
    model.tun_offloads = {offloads, offloads, offloads};
    Known knows{{}, {}, table.line(), table.shown("knows")};
    if (!table.texts("knows", knows.names) && !has_overlay) {
        knows.names = {"all"};
    }
    Known passes{{}, {}, table.line(), table.shown("through"), &HostPlan::through};
    table.texts("through", passes.names);
    Known begins{{}, {}, table.line(), table.shown("bootstrap"), &HostPlan::bootstrap};
    table.texts("bootstrap", begins.names);
    table.truth("dht", model.config.discovery.dht);
    model.config.discovery.dht = model.config.discovery.dht || !begins.names.empty();
    const auto first = static_cast<HostId>(reading.scenario.hosts.size());
    add_hosts(reading, table, model, count);
    for (HostId id = first; id < reading.scenario.hosts.size(); ++id) {
        knows.by.push_back(id);
    }
    passes.by = knows.by;
    begins.by = knows.by;
    known.push_back(std::move(knows));
    known.push_back(std::move(passes));
    known.push_back(std::move(begins));
}

void resolve_known(Reading& reading, const Known& known) {
    for (const std::string& name : known.names) {
        const std::vector<HostId> ids = reading.resolve(name);
        if (ids.empty()) {
            reading.problems.add(known.line, known.key,
                                 fmt::format("no host is named \"{}\"; use the name of a [[host]], "
                                             "one of its hosts, or \"all\"",
                                             config::printable(name)));
        }
        for (const HostId by : known.by) {
            auto& knows = reading.scenario.hosts[by].*known.list;
            for (const HostId id : ids) {
                if (id != by && std::ranges::find(knows, id) == knows.end()) {
                    knows.push_back(id);
                }
                if (known.list == &HostPlan::through &&
                    std::ranges::find(reading.scenario.hosts[by].knows, id) ==
                        reading.scenario.hosts[by].knows.end()) {
                    reading.problems.add(known.line, known.key,
                                         fmt::format("it does not know \"{}\": name it in `knows`",
                                                     config::printable(name)));
                }
            }
        }
    }
}

/// "n3" → "n" and 3; nothing without digits at the end.
std::optional<std::pair<std::string, unsigned>> numbered(std::string_view name) {
    const std::size_t at = name.find_last_not_of("0123456789") + 1;
    unsigned number = 0;
    const char* const end = name.data() + name.size();
    if (std::from_chars(name.data() + at, end, number).ec != std::errc()) {
        return std::nullopt;
    }
    return std::pair{std::string(name.substr(0, at)), number};
}

}  // namespace

void read_hosts(Reading& reading, TableReader& root) {
    root.require("host", "at least one [[host]]");
    std::vector<Known> known;
    reading.each(root, "host", [&](TableReader& table) {
        read_host(reading, table, root.has("overlay"), known);
    });
    for (const Known& one : known) {
        resolve_known(reading, one);
    }
}

std::vector<HostId> Reading::resolve(const std::string& name) const {
    if (const auto found = hosts.find(name); found != hosts.end()) {
        return found->second;
    }
    const std::size_t dots = name.find("..");
    if (dots == std::string::npos) {
        return {};
    }
    const auto from = numbered(std::string_view(name).substr(0, dots));
    const auto to = numbered(std::string_view(name).substr(dots + 2));
    if (!from || !to || from->first != to->first) {
        return {};
    }
    std::vector<HostId> ids;
    for (unsigned i = from->second; i <= to->second; ++i) {
        const auto found = hosts.find(from->first + std::to_string(i));
        if (found == hosts.end()) {
            return {};
        }
        ids.push_back(found->second.front());
    }
    return ids;
}

bool Reading::host_list(TableReader& from, std::string_view key, std::vector<HostId>& out) {
    std::vector<std::string> names;
    if (!from.texts(key, names)) {
        return false;
    }
    for (const std::string& name : names) {
        const std::vector<HostId> ids = resolve(name);
        if (ids.empty()) {
            from.refuse(key, fmt::format("no host is named \"{}\"; use the name of a [[host]], one "
                                         "of its hosts like \"n1\", some like \"n1..n3\", or "
                                         "\"all\"",
                                         config::printable(name)));
            return false;
        }
        for (const HostId id : ids) {
            if (std::ranges::find(out, id) == out.end()) {
                out.push_back(id);
            }
        }
    }
    return true;
}

bool Reading::one_host(TableReader& from, std::string_view key, HostId& out) {
    std::vector<HostId> ids;
    if (!host_list(from, key, ids)) {
        return false;
    }
    if (ids.size() != 1) {
        from.refuse(key, "must name exactly one host");
        return false;
    }
    out = ids.front();
    return true;
}

}  // namespace qe::sim
