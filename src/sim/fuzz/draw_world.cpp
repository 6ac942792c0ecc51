// SPDX-License-Identifier: Apache-2.0
//
// Random regions, networks and hosts.
#include <fmt/format.h>

#include "sim/fuzz/plan_parts.h"

namespace qe::sim {
namespace {

constexpr std::uint64_t kHostsMin = 3;
constexpr std::uint64_t kHostsMax = 12;

PipeOptions draw_good_pipe(Dice& dice) {
    PipeOptions pipe;
    pipe.delay = base::microseconds(static_cast<std::int64_t>(dice.between(100, 20'000)));
    if (dice.chance(30)) {
        pipe.jitter = pipe.delay / 4;
    }
    if (dice.chance(60)) {
        pipe.rate_bps = dice.between(5, 200) * 1'000'000;
        pipe.queue = dice.chance(50) ? QueueKind::CoDel : QueueKind::DropTail;
    }
    if (dice.chance(30)) {
        pipe.loss.good = dice.share(0.01);
    }
    if (dice.chance(20)) {
        pipe.reorder = dice.share(0.02);
        pipe.reorder_by = dice.millis(1, 10);
    }
    if (dice.chance(20)) {
        pipe.duplicate = dice.share(0.02);
    }
    if (dice.chance(10)) {
        pipe.corrupt = dice.share(0.005);
    }
    pipe.mtu = dice.chance(80) ? 1500 : dice.between(1280, 1500);
    return pipe;
}

NatOptions draw_nat(Dice& dice) {
    static const std::vector<NatDependence> kAny = {
        NatDependence::EndpointIndependent, NatDependence::Address, NatDependence::AddressAndPort};
    NatOptions nat;
    nat.mapping = dice.pick(kAny);
    nat.filtering = dice.pick(kAny);
    nat.preserve_ports = dice.chance(50);
    nat.hairpin = dice.chance(50);
    nat.lifetime = dice.millis(30'000, 180'000);
    nat.allocation = dice.chance(50) ? NatAllocation::Contiguous : NatAllocation::Random;
    return nat;
}

void add_network(Dice& dice, FuzzPlan& plan, const std::string& parent, bool is_public) {
    auto& networks = plan.scenario.networks;
    const std::size_t number = networks.size();
    NetworkOptions network;
    network.name = fmt::format("net{}", number);
    network.parent = parent;
    network.uplink = draw_good_link(dice);
    if (!is_public && dice.chance(70)) {
        network.nat = draw_nat(dice);
    }
    if (!is_public && dice.chance(40)) {
        network.firewall = FirewallOptions{};
        network.firewall->udp = dice.chance(85) ? UdpPolicy::RepliesOnly : UdpPolicy::Block;
    }
    network.v4 = *net::parse_prefix(fmt::format("{}.{}.0.0/24", network.nat ? 10 : 60, number));
    if (dice.chance(40)) {
        network.v6 = *net::parse_prefix(fmt::format("2001:db8:{:x}::/64", number));
    }
    networks.push_back(network);
}

void draw_networks(Dice& dice, FuzzPlan& plan) {
    Scenario& scenario = plan.scenario;
    for (const RegionPlan& region : scenario.regions) {
        add_network(dice, plan, region.name, true);
    }
    const std::size_t more = dice.between(1, 5);
    for (std::size_t i = 0; i < more; ++i) {
        const NetworkOptions& some = dice.pick(scenario.networks);
        // One in four hangs on another private one: NAT boxes in series.
        const bool deeper = some.nat.has_value() && dice.chance(60);
        add_network(dice, plan, deeper ? some.name : dice.pick(scenario.regions).name, false);
    }
}

HostPlan draw_host(Dice& dice, const FuzzPlan& plan, std::size_t number) {
    static const std::vector<std::uint16_t> kMtus = {1420, 1420, 1420, 1280, 9000};
    HostPlan host;
    host.options.name = fmt::format("h{}", number);
    const std::size_t interfaces = dice.chance(25) ? 2 : 1;
    for (std::size_t i = 0; i < interfaces; ++i) {
        InterfaceOptions interface;
        interface.name = fmt::format("eth{}", i);
        // The first hosts are where they can be dialled, so that there is somebody to meet.
        interface.network = number + i < 2 ? plan.scenario.networks.front().name
                                           : dice.pick(plan.scenario.networks).name;
        interface.link = draw_good_link(dice);
        interface.metric = static_cast<std::uint32_t>(100 * i);
        host.options.interfaces.push_back(interface);
    }
    config::Config& config = host.options.config;
    config.network.mtu = dice.pick(kMtus);
    config.network.oversize =
        dice.chance(70) ? config::OversizePolicy::Fragment : config::OversizePolicy::PacketTooBig;
    config.performance.congestion_control =
        dice.chance(50) ? config::CongestionControl::Bbr : config::CongestionControl::Cubic;
    host.options.disk.write_time = dice.chance(50) ? dice.millis(0, 500) : base::Duration(0);
    host.options.disk.torn_on_crash = dice.chance(30);
    const bool offloads = dice.chance(40);
    host.options.tun_offloads = {offloads, offloads, offloads};
    host.start = dice.chance(50) ? base::Duration(0) : dice.millis(0, 10'000);
    return host;
}

}  // namespace

LinkOptions draw_good_link(Dice& dice) {
    LinkOptions link;
    link.up = draw_good_pipe(dice);
    link.down = dice.chance(70) ? link.up : draw_good_pipe(dice);
    return link;
}

void draw_multipath(Dice& dice, FuzzPlan& plan) {
    static const std::vector<std::string> kSchedulers = {
        "adaptive", "adaptive", "adaptive", "weighted", "round_robin", "latency", "redundant"};
    for (HostPlan& host : plan.scenario.hosts) {
        config::Config::Multipath& multipath = host.options.config.multipath;
        multipath.enabled = host.options.interfaces.size() > 1 ? dice.chance(60) : dice.chance(10);
        multipath.scheduler = dice.pick(kSchedulers);
        multipath.mode = dice.chance(80) ? "aggregate" : "failover";
        multipath.accept = dice.chance(80);
    }
}

void draw_world(Dice& dice, FuzzPlan& plan) {
    Scenario& scenario = plan.scenario;
    const std::size_t regions = dice.between(1, 3);
    for (std::size_t i = 0; i < regions; ++i) {
        scenario.regions.push_back({fmt::format("r{}", i)});
        for (std::size_t j = 0; j < i; ++j) {
            PipeOptions way;
            way.delay = dice.millis(2, 80);
            way.jitter = dice.chance(30) ? dice.millis(1, 10) : base::Duration(0);
            scenario.region_links.push_back({fmt::format("r{}", j), fmt::format("r{}", i), way});
        }
    }
    draw_networks(dice, plan);
    const std::size_t hosts = dice.between(kHostsMin, kHostsMax);
    for (std::size_t i = 0; i < hosts; ++i) {
        scenario.hosts.push_back(draw_host(dice, plan, i));
    }
}

}  // namespace qe::sim
