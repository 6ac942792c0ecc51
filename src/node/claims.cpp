// SPDX-License-Identifier: Apache-2.0
#include "node/claims.h"

#include <algorithm>

#include "node/links/close_text.h"
#include "quicether/base/assert.h"
#include "quicether/route/overlay_address.h"

namespace qe::node {
namespace {

/// Overlay prefix of IPv4 when the configuration names no address (RFC 6598 space).
const net::Prefix kDefaultOverlayV4{net::IpAddress::v4(0x64400000), 16};

ClaimContext context_of(const NodeState& state, PeerHandle claimant, const net::Prefix& claim) {
    const Peer& peer = *state.peers.get(claimant);
    ClaimContext context;
    state.peers.for_each([&](PeerHandle handle, const Peer& other) {
        if (handle == claimant) {
            return;
        }
        const auto& theirs = other.entitlement.configured;
        context.configured_for_other =
            context.configured_for_other ||
            std::any_of(theirs.begin(), theirs.end(),
                        [&claim](const net::Prefix& p) { return p.contains(claim); });
        context.held_by_smaller_id =
            context.held_by_smaller_id ||
            (other.id < peer.id && std::find(other.accepted.begin(), other.accepted.end(), claim) !=
                                       other.accepted.end());
    });
    return context;
}

}  // namespace

ClaimsOutcome judge_claims(const NodeState& state, PeerHandle handle, const Claims& claims) {
    std::vector<net::Prefix> claimed = claims.subnets;
    for (const net::IpAddress& address : claims.addresses) {
        claimed.push_back(net::Prefix::host(address));
    }
    ClaimsOutcome outcome;
    const Peer& peer = *state.peers.get(handle);
    for (const net::Prefix& claim : claimed) {
        const ClaimVerdict verdict =
            judge_claim(claim, peer.entitlement, state.own, context_of(state, handle, claim));
        if (verdict == ClaimVerdict::Accepted) {
            outcome.accepted.push_back(claim);
        } else {
            outcome.refused.push_back({claim, verdict});
        }
    }
    return outcome;
}

void ClaimKeeper::take(base::Instant now, PeerHandle handle, const Claims& claims) {
    Peer& peer = *state_.peers.get(handle);
    if (peer.by_network) {
        return;
    }
    ClaimsOutcome outcome = judge_claims(state_, handle, claims);
    refused_ += outcome.refused.size();
    if (!outcome.refused.empty()) {
        if (const auto held_back = peer.claim_log.admit(now)) {
            const RefusedClaim& first = outcome.refused.front();
            state_.log.warn("{} claims {}: refused, {} ({} claims refused in all){}",
                            describe(peer), first.prefix.to_string(), to_text(first.verdict),
                            outcome.refused.size(), held_back_text(*held_back));
        }
    }
    peer.accepted = std::move(outcome.accepted);
    install(handle);
}

void ClaimKeeper::install(PeerHandle handle) {
    const Peer& peer = *state_.peers.get(handle);
    std::vector<net::Prefix> derived;
    for (const net::Prefix& prefix : peer.entitlement.derived) {
        const bool named = std::any_of(
            peer.accepted.begin(), peer.accepted.end(), [&prefix](const net::Prefix& accepted) {
                return accepted.is_host() && accepted.family() == prefix.family();
            });
        if (!named) {
            derived.push_back(prefix);
        }
    }
    using route::Origin;
    const bool all =
        state_.routes.set_peer(handle, Origin::Configured, peer.entitlement.configured) &&
        state_.routes.set_peer(handle, Origin::Derived, derived) &&
        state_.routes.set_peer(handle, Origin::Advertised, peer.accepted);
    if (!all) {
        state_.problems["routes"] = "the routing table is full: some routes of peers are missing";
    }
}

void ClaimKeeper::judge_again(base::Instant now, PeerHandle handle) {
    const Peer* peer = state_.peers.get(handle);
    const Link* link = peer != nullptr && peer->session ? peer->session->active_link() : nullptr;
    if (link != nullptr && link->hello) {
        take(now, handle, link->hello->claims);
    }
}

std::vector<net::Prefix> derived_prefixes(const crypto::NodeId& id, const OwnPrefixes& own) {
    std::vector<net::Prefix> derived;
    for (const net::Prefix& prefix : own.overlay) {
        // A prefix of another length (an address set by hand) leaves nothing to derive.
        const auto address = prefix.family() == net::Family::V6
                                 ? route::derive_overlay_ipv6(prefix.network(), id.bytes)
                                 : route::derive_overlay_ipv4(prefix.network(), id.bytes, 0);
        if (address) {
            derived.push_back(net::Prefix::host(*address));
        }
    }
    return derived;
}

OwnPrefixes own_prefixes(const NodeState& state) {
    const config::Config& config = state.config;
    const crypto::NodeId& id = state.id;
    OwnPrefixes own;
    own.subnets = config.network.advertise_subnets;
    if (!state.grants.addresses.empty()) {
        own.overlay = state.grants.addresses;
        return own;
    }
    const net::Prefix ula = route::default_overlay_ipv6_network();
    const auto v4 = route::derive_overlay_ipv4(kDefaultOverlayV4, id.bytes, 0);
    const auto v6 = route::derive_overlay_ipv6(ula, id.bytes);
    QE_ASSERT(v4 && v6);  // the default networks have the right shape
    own.overlay.push_back(
        config.network.tun_addr.value_or(net::Prefix(*v4, kDefaultOverlayV4.length())));
    own.overlay.push_back(config.network.tun_addr6.value_or(net::Prefix(*v6, ula.length())));
    return own;
}

}  // namespace qe::node
