// SPDX-License-Identifier: Apache-2.0
#include "node/links/demand_keeper.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "node/links/close_text.h"
#include "node/links/neighbours.h"

namespace qe::node {
namespace {

using Ids = std::set<crypto::NodeId>;

/// A guest, or the admin of an invite: members always have an address.
bool is_joining(const Peer& peer) { return peer.entitlement.derived.empty(); }

/// Those who advertise what another advertises as well.
void add_shared_subnets(const std::map<crypto::NodeId, const Peer*>& members, Ids& out) {
    std::map<net::Prefix, std::vector<crypto::NodeId>> owners;
    for (const auto& [id, peer] : members) {
        for (const net::Prefix& subnet : peer->accepted) {
            owners[subnet].push_back(id);
        }
    }
    for (const auto& [subnet, ids] : owners) {
        if (ids.size() > 1) {
            out.insert(ids.begin(), ids.end());
        }
    }
}

}  // namespace

DemandKeeper::Members DemandKeeper::members() const {
    Members all;
    state_.peers.for_each([&all](PeerHandle, const Peer& peer) {
        if (peer.by_network && !is_joining(peer)) {
            all.emplace(peer.id, &peer);
        }
    });
    return all;
}

bool DemandKeeper::connects_all(const Members& members) const {
    switch (state_.config.peers.connect) {
        case config::ConnectPolicy::FullMesh:
            return true;
        case config::ConnectPolicy::OnDemand:
            return false;
        case config::ConnectPolicy::Auto:
            break;
    }
    return members.size() < kFullMeshMax;
}

Ids DemandKeeper::kept(const Members& members) const {
    Ids all;
    if (connects_all(members)) {
        for (const auto& [id, peer] : members) {
            all.insert(id);
        }
        return all;
    }
    std::vector<crypto::NodeId> ring;
    std::vector<crypto::NodeId> present;
    for (const auto& [id, peer] : members) {
        ring.push_back(id);
        if (!peer->demand.away || peer->connected()) {
            present.push_back(id);
        }
    }
    all = neighbours_of(state_.id, ring);
    all.merge(neighbours_of(state_.id, present));
    add_shared_subnets(members, all);
    return all;
}

base::Instant DemandKeeper::next_deadline() const noexcept {
    const bool changed = state_.members_changed || peers_seen_ != state_.peers.generation() ||
                         routes_seen_ != state_.routes.generation();
    return changed ? chosen_at_ + kChoiceInterval : base::Instant::never();
}

void DemandKeeper::choose(base::Instant now) {
    state_.members_changed = false;
    peers_seen_ = state_.peers.generation();
    routes_seen_ = state_.routes.generation();
    chosen_at_ = now;
    const Ids wanted = kept(members());
    for (const PeerHandle handle : state_.peers.handles()) {
        Peer& peer = *state_.peers.get(handle);
        const bool keep = peer.by_network && (wanted.contains(peer.id) || is_joining(peer));
        if (keep == std::exchange(peer.demand.kept, keep)) {
            continue;
        }
        if (!keep) {
            peer.demand.judged_at = base::Instant::never();
            state_.look_at(handle, now);
        } else if (!peer.connected() && !peer.connecting()) {
            dialer_.start(now, handle);
            if (peer.learnt.empty()) {
                state_.seek(handle, now);
            }
        }
    }
}

base::Instant DemandKeeper::handle_deadline(base::Instant now, PeerHandle handle) {
    Peer* const peer = state_.peers.get(handle);
    if (peer == nullptr || !peer->by_network || peer->demand.kept) {
        return base::Instant::never();
    }
    if (peer->connected()) {
        return judge_idle(now, handle, *peer);
    }
    const base::Instant ends = peer->demand.asked_at + kDemandPatience;
    if (!peer->demand.asked || now < ends) {
        return peer->demand.asked ? ends : base::Instant::never();
    }
    peer->demand.asked = false;
    peer->dial.round.clear();
    peer->dial.next_at = base::Instant::never();
    return base::Instant::never();
}

base::Instant DemandKeeper::judge_idle(base::Instant now, PeerHandle handle, Peer& peer) {
    const base::Duration budget = state_.config.peers.idle_timeout;
    if (budget == base::Duration(0)) {
        return base::Instant::never();
    }
    Demand& demand = peer.demand;
    const std::uint64_t packets = peer.sent.packets + peer.received.packets;
    if (demand.judged_at.is_never() || packets != demand.packets) {
        demand.packets = packets;
        demand.judged_at = now + budget;
        return demand.judged_at;
    }
    // What was noted of an earlier session does not count.
    const base::Instant due = std::max(demand.judged_at, peer.session->started_at + budget);
    if (now < due) {
        return due;
    }
    demand.judged_at = now + budget;
    if (peer.session->active_link()->role != quic::Role::Client) {
        return demand.judged_at;  // the other end knows why it dialled
    }
    state_.log.info("no packets for {} for {} s: closing the session", describe(peer),
                    std::chrono::duration_cast<base::seconds>(budget).count());
    links_.end_session(now, handle, CloseCode::Idle, "idle");
    demand = {};
    return base::Instant::never();
}

}  // namespace qe::node
