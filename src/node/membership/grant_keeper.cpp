// SPDX-License-Identifier: Apache-2.0
#include "node/membership/grant_keeper.h"

#include <utility>

#include "quicether/route/overlay_address.h"

namespace qe::node {
namespace {

net::Prefix ipv6_network(const OwnNetwork& network) {
    return network::overlay_ipv6_network(network->directory.id());
}

}  // namespace

std::optional<NetworkPeer> GrantKeeper::peer_of(const crypto::NodeId& id) const {
    const OwnNetwork& network = sources_.network;
    if (id == state_.id) {
        return std::nullopt;
    }
    if (network && network->directory.find(id) != nullptr) {
        return network_peer_of(*network->directory.find(id), network.claims(),
                               ipv6_network(network));
    }
    const auto guest = sources_.admissions.guests().find(id);
    if (guest != sources_.admissions.guests().end()) {
        return NetworkPeer{id, guest->second.key, {}, {}, {}, {}};
    }
    const network::Invite* const invite = sources_.joining.invite();
    if (invite != nullptr && invite->admin == id) {
        return NetworkPeer{id, std::nullopt, {}, invite->endpoints, {}, {}};
    }
    return std::nullopt;
}

std::set<crypto::NodeId> GrantKeeper::everybody() const {
    std::set<crypto::NodeId> all;
    for (const auto& [id, peer] : state_.grants.peers) {
        all.insert(id);  // also who is no more
    }
    if (sources_.network) {
        for (const auto& [id, member] : sources_.network->directory.members()) {
            all.insert(id);
        }
    }
    for (const auto& [id, guest] : sources_.admissions.guests()) {
        all.insert(id);
    }
    if (const network::Invite* const invite = sources_.joining.invite()) {
        all.insert(invite->admin);
    }
    return all;
}

void GrantKeeper::update_peer(const crypto::NodeId& id, GrantChanges& changed) {
    std::optional<NetworkPeer> peer = peer_of(id);
    const auto known = state_.grants.peers.find(id);
    if (!peer) {
        if (known != state_.grants.peers.end()) {
            state_.grants.peers.erase(known);
            changed.peers.insert(id);
        }
    } else if (known == state_.grants.peers.end() || known->second != *peer) {
        state_.grants.peers.insert_or_assign(id, std::move(*peer));
        changed.peers.insert(id);
    }
}

std::vector<net::Prefix> GrantKeeper::own_addresses() const {
    std::vector<net::Prefix> addresses;
    if (!sources_.network) {
        return addresses;
    }
    if (sources_.presence.address()) {
        addresses.emplace_back(*sources_.presence.address(),
                               sources_.network->directory.document().ipv4.length());
    }
    const net::Prefix v6 = ipv6_network(sources_.network);
    if (const auto own6 = route::derive_overlay_ipv6(v6, state_.id.bytes)) {
        addresses.emplace_back(*own6, v6.length());
    }
    return addresses;
}

void GrantKeeper::update_trust() {
    NetworkGrants& grants = state_.grants;
    grants.authority.reset();
    grants.revoked.clear();
    grants.hosts.clear();
    grants.tokens.clear();
    if (sources_.network) {
        const OwnMembership& own = *sources_.network;
        grants.authority = own.directory.document().authority;
        for (const auto& [id, revocation] : own.directory.revocations()) {
            grants.revoked.push_back(id);
        }
        for (const network::IssuedInvite& invite : own.invites.invites()) {
            if (own.authority && state_.wall_now < invite.expires) {
                grants.tokens.emplace_back(invite.proof_key);
            }
        }
    }
    if (const network::Invite* const invite = sources_.joining.invite()) {
        grants.hosts.push_back(invite->admin);
    }
}

GrantChanges GrantKeeper::update(const NetworkChanges& changes) {
    GrantChanges changed;
    changed.trust = changes.trust || changes.everything;
    for (const crypto::NodeId& id : changes.everything ? everybody() : changes.members) {
        update_peer(id, changed);
    }
    if (changed.trust) {
        update_trust();
    }
    std::vector<net::Prefix> addresses = own_addresses();
    const network::Member* const self = sources_.network.self();
    std::string name = self == nullptr ? std::string() : self->attributes.name;
    if (addresses != state_.grants.addresses || name != state_.grants.own_name) {
        state_.grants.addresses = std::move(addresses);
        state_.grants.own_name = std::move(name);
        changed.own = true;
    }
    return changed;
}

}  // namespace qe::node
