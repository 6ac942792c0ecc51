// SPDX-License-Identifier: Apache-2.0
//
// Random flows, which end with the faults.
#include <algorithm>

#include <fmt/format.h>

#include "sim/fuzz/plan_parts.h"

namespace qe::sim {
namespace {

constexpr std::uint16_t kFirstPort = 20'000;

void shape_udp(Dice& dice, FlowOptions& flow, std::size_t mtu) {
    flow.kind = FlowKind::Udp;
    // Large ones are cut into fragments and put together again.
    flow.packet_bytes = dice.chance(50) ? mtu : dice.between(100, mtu);
    flow.interval = dice.millis(2, 30);
}

void shape_tcp(Dice& dice, FlowOptions& flow) {
    flow.kind = FlowKind::Tcp;
    flow.bytes = dice.between(10, 2000) << 10;
    flow.control = dice.chance(50) ? TcpControl::Cubic : TcpControl::Reno;
    flow.ecn = dice.chance(50);
    flow.super_packets = dice.chance(50);
}

void shape_ping(Dice& dice, FlowOptions& flow, std::size_t mtu) {
    flow.kind = FlowKind::Ping;
    flow.packet_bytes = dice.chance(70) ? 84 : dice.between(84, mtu);
    flow.interval = dice.millis(100, 1000);
}

FlowOptions draw_flow(Dice& dice, const FuzzPlan& plan, std::size_t number) {
    const auto hosts = static_cast<HostId>(plan.scenario.hosts.size());
    FlowOptions flow;
    flow.name = fmt::format("flow{}", number);
    flow.from = static_cast<HostId>(dice.between(0, hosts - 1));
    flow.to = static_cast<HostId>((flow.from + dice.between(1, hosts - 1)) % hosts);
    flow.family = dice.chance(50) ? net::Family::V4 : net::Family::V6;
    flow.port = static_cast<std::uint16_t>(kFirstPort + number);
    flow.start = dice.millis(1000, 15'000);
    flow.stop = plan.faults_end;
    const std::size_t mtu = plan.scenario.hosts[flow.from].options.config.network.mtu;
    switch (dice.between(0, 2)) {
        case 0:
            shape_udp(dice, flow, mtu);
            break;
        case 1:
            shape_tcp(dice, flow);
            break;
        default:
            shape_ping(dice, flow, mtu);
            break;
    }
    return flow;
}

}  // namespace

void draw_traffic(Dice& dice, FuzzPlan& plan) {
    const std::size_t flows = dice.between(2, 8);
    for (std::size_t i = 0; i < flows; ++i) {
        plan.scenario.flows.push_back(draw_flow(dice, plan, i));
    }
}

}  // namespace qe::sim
