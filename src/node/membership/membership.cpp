// SPDX-License-Identifier: Apache-2.0
#include "node/membership/membership.h"

#include <algorithm>
#include <utility>

#include "node/claims.h"
#include "node/links/close_text.h"
#include "quicether/config/diff.h"

namespace qe::node {
namespace {

/// Every [[peer]], and an entry without endpoints for each further allowed node.
std::vector<config::PeerConfig> listed_peers(const config::Config& config) {
    std::vector<config::PeerConfig> all = config.peer;
    for (const config::PeerRef& ref : config.peers.allowed) {
        const bool known = std::any_of(all.begin(), all.end(), [&ref](const auto& peer) {
            return config::node_id_of(peer.id) == config::node_id_of(ref);
        });
        if (!known) {
            all.push_back({ref, {}, {}, {}});
        }
    }
    return all;
}

}  // namespace

void Membership::set_trust() {
    crypto::Trust trust;
    for (const config::PeerConfig& peer : listed_peers(state_.config)) {
        std::visit([&trust](const auto& ref) { trust.allow(ref); }, peer.id);
    }
    if (state_.grants.authority) {
        trust.set_authority(*state_.grants.authority);
    }
    for (const crypto::NodeId& id : state_.grants.hosts) {
        trust.allow(id);
    }
    for (const crypto::NodeId& id : state_.grants.revoked) {
        trust.revoke(id);
    }
    for (const crypto::BearerToken& token : state_.grants.tokens) {
        trust.admit(token);
    }
    state_.endpoint->set_trust(std::move(trust));
}

void Membership::apply(base::Instant now) {
    listed_.clear();
    for (const config::PeerConfig& peer : listed_peers(state_.config)) {
        listed_.insert(config::node_id_of(peer.id));
    }
    apply_own();
    set_trust();
    remove_unlisted(now);
    apply_listed(now);
    for (const auto& [id, peer] : state_.grants.peers) {
        apply_granted(now, id);
    }
}

void Membership::apply(base::Instant now, const GrantChanges& changes) {
    if (changes.own) {
        apply_own();
        apply_listed(now);  // what their NodeIds give them lies inside our prefixes
    }
    if (changes.trust) {
        set_trust();
    }
    for (const crypto::NodeId& id : changes.peers) {
        apply_granted(now, id);
    }
}

void Membership::apply_own() {
    const Claims before = state_.own_claims();
    state_.own = own_prefixes(state_);
    std::vector<net::Prefix> local = state_.own.subnets;
    for (const net::Prefix& address : state_.own.overlay) {
        local.push_back(net::Prefix::host(address.address()));
    }
    state_.routes.set_local(local);
    if (state_.own_claims() != before) {
        conversation_.announce_claims();
    }
}

void Membership::apply_listed(base::Instant now) {
    for (const config::PeerConfig& wanted : listed_peers(state_.config)) {
        if (config::node_id_of(wanted.id) != state_.id) {
            add_or_change(now, wanted);
        }
    }
}

void Membership::apply_granted(base::Instant now, const crypto::NodeId& id) {
    if (listed_.contains(id)) {
        return;
    }
    const auto granted = state_.grants.peers.find(id);
    if (granted != state_.grants.peers.end()) {
        add_or_change(now, granted->second);
    } else if (const PeerHandle handle = state_.peers.find(id); !handle.is_null()) {
        remove(now, handle);
    }
}

void Membership::remove(base::Instant now, PeerHandle handle) {
    ++peers_applied_;
    const Peer& peer = *state_.peers.get(handle);
    state_.log.info("{} is no longer listed: closing its session", describe(peer));
    links_.end_session(now, handle, CloseCode::NotTrusted, "no longer allowed");
    state_.routes.erase_peer(handle);
    state_.deadlines.clear(handle);
    state_.searches.clear(handle);
    state_.peers.erase(handle);
}

void Membership::remove_unlisted(base::Instant now) {
    for (const PeerHandle handle : state_.peers.handles()) {
        const crypto::NodeId& id = state_.peers.get(handle)->id;
        if (!listed_.contains(id) && !state_.grants.peers.contains(id)) {
            remove(now, handle);
        }
    }
}

void Membership::add_or_change(base::Instant now, const config::PeerConfig& wanted) {
    ++peers_applied_;
    const crypto::NodeId id = config::node_id_of(wanted.id);
    const PeerHandle handle = find_or_insert(id);
    Peer& peer = *state_.peers.get(handle);
    const bool new_endpoints = peer.endpoints != wanted.endpoints;
    if (const auto* key = std::get_if<crypto::PublicKey>(&wanted.id)) {
        peer.key = *key;
    }
    peer.by_network = false;
    peer.name = wanted.name;
    peer.endpoints = wanted.endpoints;
    peer.entitlement.configured = wanted.subnets;
    peer.entitlement.derived = derived_prefixes(id, state_.own);
    claims_.install(handle);
    claims_.judge_again(now, handle);
    state_.routes.set_reachable(handle, peer.connected());
    if (new_endpoints) {
        dialer_.start(now, handle);
    } else if (peer.endpoints.empty()) {
        state_.seek(handle, now);
    }
}

PeerHandle Membership::find_or_insert(const crypto::NodeId& id) {
    const PeerHandle handle = state_.peers.find(id);
    if (!handle.is_null()) {
        return handle;
    }
    Peer fresh;
    fresh.id = id;
    return state_.peers.insert(std::move(fresh));
}

void Membership::add_or_change(base::Instant now, const NetworkPeer& wanted) {
    ++peers_applied_;
    const bool is_new = state_.peers.find(wanted.id).is_null();
    const PeerHandle handle = find_or_insert(wanted.id);
    Peer& peer = *state_.peers.get(handle);
    peer.by_network = true;
    if (wanted.key) {
        peer.key = wanted.key;
    }
    peer.name = wanted.name;
    peer.entitlement.configured.clear();
    peer.entitlement.derived = wanted.addresses;
    peer.accepted = wanted.subnets;
    claims_.install(handle);
    state_.routes.set_reachable(handle, peer.connected());
    dialer_.learn(now, handle, wanted.underlay);
    if (is_new && wanted.underlay.empty()) {
        state_.seek(handle, now);
    }
}

control::ReloadReply Membership::reload(base::Instant now, config::Config wanted) {
    control::ReloadReply reply;
    for (const config::Change& change : config::diff(state_.config, wanted).changes) {
        (change.live ? reply.applied : reply.needs_restart).push_back(change.key);
    }
    state_.config = config::take_live_changes(std::move(state_.config), wanted);
    apply(now);
    return reply;
}

}  // namespace qe::node
