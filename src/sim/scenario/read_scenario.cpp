// SPDX-License-Identifier: Apache-2.0
#include "sim/scenario/read_scenario.h"

#include <algorithm>
#include <filesystem>

#include "sim/scenario/reading.h"

namespace qe::sim {
namespace {

void read_head(Scenario& scenario, TableReader& root) {
    constexpr base::Duration kDurationMax = std::chrono::hours(24 * 30);
    root.require("title", "one line that says what the scenario shows");
    root.require("duration", "how long it lasts, like \"60s\"");
    root.text("title", scenario.title);
    root.truth("slow", scenario.slow);
    root.whole("seed", 0, std::numeric_limits<std::int64_t>::max(), scenario.seed);
    if (root.duration("duration", scenario.duration) &&
        (scenario.duration == base::Duration(0) || scenario.duration > kDurationMax)) {
        root.refuse("duration", "is out of range; use 1ms to 720h");
    }
}

/// Hosts that name no network are in this one.
void add_default_network(Scenario& scenario) {
    const bool wanted = std::ranges::any_of(scenario.hosts, [](const HostPlan& host) {
        return std::ranges::any_of(host.options.interfaces,
                                   [](const auto& i) { return i.network == "net"; });
    });
    const bool exists =
        std::ranges::any_of(scenario.networks, [](const auto& n) { return n.name == "net"; });
    if (!wanted || exists) {
        return;
    }
    if (scenario.regions.empty()) {
        scenario.regions.push_back({"world"});
    }
    NetworkOptions network;
    network.name = "net";
    network.parent = scenario.regions.front().name;
    network.v4 = *net::parse_prefix("203.255.0.0/16");
    scenario.networks.push_back(network);
}

}  // namespace

config::Checked<Scenario> read_scenario(std::string_view text, const std::string& file) {
    auto tree = config::read_toml(text, file);
    if (!tree) {
        return tl::unexpected(std::move(tree.error()));
    }
    Problems problems(file);
    Reading reading{{}, problems, {}};
    reading.scenario.file = file;
    reading.scenario.name = std::filesystem::path(file).stem().string();
    TableReader root(*tree, "", problems);
    read_head(reading.scenario, root);
    read_regions(reading, root);
    read_networks(reading, root);
    read_hosts(reading, root);
    read_overlay(reading, root);
    add_default_network(reading.scenario);
    read_flows(reading, root);
    read_actions(reading, root);
    read_bounds(reading, root);
    root.finish();
    if (!problems.empty()) {
        return tl::unexpected(problems.take());
    }
    return std::move(reading.scenario);
}

}  // namespace qe::sim
