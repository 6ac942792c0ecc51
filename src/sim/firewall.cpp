// SPDX-License-Identifier: Apache-2.0
#include "sim/firewall.h"

#include <utility>

namespace qe::sim {
namespace {

/// Looking through a full table for expired entries is not repeated sooner.
constexpr base::Duration kSweepInterval = base::milliseconds(100);

}  // namespace

std::size_t Firewall::FlowHash::operator()(const Flow& flow) const noexcept {
    constexpr std::size_t kOdd = 0x9E3779B97F4A7C15;
    const std::hash<net::SocketAddress> hash;
    return hash(flow.inside) * kOdd + hash(flow.outside);
}

void Firewall::handle_outbound(Packet packet) {
    const bool passes =
        options_.udp == UdpPolicy::Allow ||
        (options_.udp == UdpPolicy::RepliesOnly && remember({packet.source, packet.destination}));
    if (!passes) {
        ++counters_.lost_outbound;
        return;
    }
    ++counters_.outbound;
    pass_outside(std::move(packet));
}

void Firewall::handle_inbound(Packet packet) {
    const bool passes =
        options_.udp == UdpPolicy::Allow ||
        (options_.udp == UdpPolicy::RepliesOnly && is_reply({packet.destination, packet.source}));
    if (!passes) {
        ++counters_.lost_inbound;
        return;
    }
    ++counters_.inbound;
    pass_inside(std::move(packet));
}

bool Firewall::remember(const Flow& flow) {
    const auto found = flows_.find(flow);
    if (found != flows_.end()) {
        found->second = scheduler_.now();
        return true;
    }
    if (flows_.size() >= options_.flows_max) {
        forget_expired();
    }
    if (flows_.size() >= options_.flows_max) {
        return false;
    }
    flows_.emplace(flow, scheduler_.now());
    return true;
}

bool Firewall::is_reply(const Flow& flow) const {
    const auto found = flows_.find(flow);
    return found != flows_.end() && scheduler_.now() < found->second + options_.reply_lifetime;
}

void Firewall::forget_expired() {
    if (scheduler_.now() < swept_ + kSweepInterval) {
        return;
    }
    swept_ = scheduler_.now();
    std::erase_if(flows_, [this](const auto& entry) {
        return scheduler_.now() >= entry.second + options_.reply_lifetime;
    });
}

}  // namespace qe::sim
