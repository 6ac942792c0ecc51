// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/overlay_rights.h"

#include <algorithm>

namespace qe::sim {
namespace {

constexpr std::size_t kAnswersMax = 1U << 16;

}  // namespace

void OverlayRights::learn_addresses() {
    for (HostId id = 0; id < world_.host_count(); ++id) {
        if (known_.contains(id) || !world_.host(id).running()) {
            continue;
        }
        known_.insert(id);
        learn_addresses_of(id);
    }
}

void OverlayRights::learn_addresses_of(HostId host) {
    for (const net::Family family : {net::Family::V4, net::Family::V6}) {
        if (const auto address = world_.host(host).overlay_address(family)) {
            owners_.insert({*address, host});
        }
    }
}

void OverlayRights::learn_members_addresses() {
    for (const HostId host : world_.memberships().members()) {
        learn_addresses_of(host);
    }
}

void OverlayRights::refresh() {
    learn_addresses();
    answers_.clear();
}

std::optional<HostId> OverlayRights::owner(const net::IpAddress& address) const {
    const auto found = owners_.lower_bound({address, 0});
    return found == owners_.end() || found->first != address ? std::nullopt
                                                             : std::optional(found->second);
}

bool OverlayRights::is_local(HostId host, const net::IpAddress& address) {
    const auto& subnets = world_.host(host).config().network.advertise_subnets;
    return owns(host, address) ||
           std::any_of(subnets.begin(), subnets.end(),
                       [&](const net::Prefix& p) { return p.contains(address); });
}

bool OverlayRights::trusts(HostId host, HostId other) const {
    const Memberships& memberships = world_.memberships();
    if (memberships.has(host) && memberships.has(other)) {
        return true;  // until they know better: that is Membership's to judge
    }
    const auto is_it = [&](const config::PeerRef& ref) {
        return config::node_id_of(ref) == world_.host(other).node_id();
    };
    const config::Config& config = world_.host(host).config();
    return std::any_of(config.peer.begin(), config.peer.end(),
                       [&](const config::PeerConfig& p) { return is_it(p.id); }) ||
           std::any_of(config.peers.allowed.begin(), config.peers.allowed.end(), is_it);
}

bool OverlayRights::entitles(HostId host, HostId peer, const net::IpAddress& address) {
    if (owns(peer, address)) {
        return true;
    }
    const auto& peers = world_.host(host).config().peer;
    return std::any_of(peers.begin(), peers.end(), [&](const config::PeerConfig& entry) {
        return config::node_id_of(entry.id) == world_.host(peer).node_id() &&
               std::any_of(entry.subnets.begin(), entry.subnets.end(),
                           [&](const net::Prefix& p) { return p.contains(address); });
    });
}

bool OverlayRights::may_hop(HostId from, HostId to, const Question& question) {
    return trusts(to, from) && entitles(to, from, question.source);
}

std::optional<unsigned> OverlayRights::search(const Question& question) {
    std::vector<bool> seen(world_.host_count());
    std::vector<HostId> here{question.from};
    seen[question.from] = true;
    for (unsigned forwards = 0; !here.empty(); ++forwards) {
        std::vector<HostId> next;
        for (const HostId at : here) {
            if (may_hop(at, question.to, question)) {
                return forwards;
            }
            for (HostId id = 0; id < world_.host_count(); ++id) {
                const bool gateway =
                    world_.host(id).config().node.role == config::NodeRole::Gateway;
                if (gateway && !seen[id] && may_hop(at, id, question)) {
                    seen[id] = true;
                    next.push_back(id);
                }
            }
        }
        here = std::move(next);
    }
    return std::nullopt;
}

std::optional<unsigned> OverlayRights::forwards(HostId from, HostId to,
                                                const net::IpAddress& source,
                                                const net::IpAddress& destination) {
    learn_addresses();
    const Question question{from, to, source, destination};
    auto found = answer(question);
    if (!found && !world_.memberships().empty()) {
        learn_members_addresses();
        answers_.erase(question);
        found = answer(question);
    }
    return found;
}

std::optional<unsigned> OverlayRights::answer(const Question& question) {
    if (!is_local(question.to, question.destination)) {
        return std::nullopt;
    }
    const auto known = answers_.find(question);
    if (known != answers_.end()) {
        return known->second;
    }
    if (answers_.size() >= kAnswersMax) {
        answers_.clear();
    }
    return answers_.emplace(question, search(question)).first->second;
}

unsigned OverlayRights::gateways() const {
    unsigned count = 0;
    for (HostId id = 0; id < world_.host_count(); ++id) {
        count += world_.host(id).config().node.role == config::NodeRole::Gateway ? 1U : 0U;
    }
    return count;
}

}  // namespace qe::sim
