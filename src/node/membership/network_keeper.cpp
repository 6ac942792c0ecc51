// SPDX-License-Identifier: Apache-2.0
#include "node/membership/network_keeper.h"

#include <algorithm>
#include <utility>

#include "node/links/close_text.h"
#include "node/membership/network_report.h"
#include "node/own_addresses.h"
#include "quicether/network/address_choice.h"
#include "quicether/network/directory_sync.h"
#include "quicether/network/renewal.h"
#include "quicether/route/overlay_address.h"

namespace qe::node {
namespace {

using control::ErrorKind;
using control::ErrorReply;

/// A record that says the same is renewed when half of its life is over.
constexpr base::seconds kRecordLife{3600};
constexpr base::Duration kRecordRenewal = base::seconds(1800);
constexpr base::Duration kRenewalCheck = base::seconds(3600);
constexpr base::Duration kRenewalRetry = base::seconds(60);

net::Prefix ipv6_network(const network::Directory& directory) {
    return network::overlay_ipv6_network(directory.id());
}

}  // namespace

// --- State
// ----------------------------------------------------------------------------------------

void NetworkKeeper::handle_stored_state(base::Instant now, base::ByteView contents) {
    if (contents.empty()) {
        return;  // left
    }
    auto membership = parse_membership(contents, state_.wall_now);
    if (!membership) {
        state_.problems["network"] = "the stored membership of a network cannot be used: " +
                                     std::string(membership.error().text) +
                                     "; join again with a new invite";
        state_.log.error("{}", state_.problems["network"]);
        return;
    }
    enter(now, std::move(*membership));
}

void NetworkKeeper::enter(base::Instant now, OwnMembership membership) {
    own_.emplace(std::move(membership));
    state_.network = own_->directory.id();
    if (const network::Member* self = own_->directory.find(state_.id);
        self != nullptr && self->record) {
        address_ = self->record->value.ipv4;
    }
    show_credential();
    discovery_.set_swarm(now, network::swarm_mac_key(network::swarm_seed_of(own_->secret)));
    compare_at_ = now + kComparisonInterval;
    renew_at_ = now;
    record_at_ = base::Instant::never();
    refresh(now);
    state_.log.info("member of the network {} ({})", own_->directory.document().name,
                    own_->directory.id().to_string());
}

void NetworkKeeper::forget(base::Instant now) {
    own_.reset();
    address_.reset();
    news_.clear();
    state_.network = {};
    state_.grants = {};
    compare_at_ = renew_at_ = record_at_ = base::Instant::never();
    show_credential();
    discovery_.set_default_swarm(now);
    membership_.apply(now);
    effects_.push_back(PersistState{std::string(kNetworkStateName), {}});
}

void NetworkKeeper::show_credential() {
    quic::Credential credential;
    if (joining_) {
        credential.attributes =
            crypto::BearerToken(network::invite_proof_key(joining_->invite.secret))
                .attributes(state_.key);
    } else if (own_) {
        credential.certificate = own_->certificate;
    }
    if (const auto set = state_.endpoint->set_credential(std::move(credential)); !set) {
        state_.problems["credential"] =
            "the certificate of the network cannot be shown: " + std::string(set.error().text);
    } else {
        state_.problems.erase("credential");
    }
}

void NetworkKeeper::persist() {
    // One write for all that a round changes: what was to be written before is out of date.
    std::erase_if(effects_, [](Effect& effect) {
        if (auto* const older = std::get_if<PersistState>(&effect)) {
            base::wipe(older->contents);
            return true;
        }
        return false;
    });
    effects_.push_back(PersistState{std::string(kNetworkStateName), encode_membership(*own_)});
}

// --- The directory and what follows from it
// -------------------------------------------------------

void NetworkKeeper::merge(base::Instant now, const std::vector<network::Item>& items,
                          PeerHandle source) {
    bool changed = false;
    for (const network::Item& item : items) {
        const network::MergeOutcome outcome = own_->directory.merge(item, state_.wall_now);
        if (outcome.is_news()) {
            news_.push_back(item);
            changed = true;
            report_refused_subnets(item, outcome);
        } else if (outcome.result == network::MergeResult::Refused) {
            state_.log.debug("news of the network refused: {}", outcome.refusal.text);
        }
    }
    if (!changed) {
        return;
    }
    if (own_->directory.is_revoked(state_.id)) {
        state_.log.error("this node's membership of {} has been revoked",
                         own_->directory.document().name);
        state_.problems["network"] = "this node's membership of its network has been revoked";
        forget(now);
        return;
    }
    refresh(now);
    spread(now, source);
}

void NetworkKeeper::report_refused_subnets(const network::Item& item,
                                           const network::MergeOutcome& outcome) {
    const network::Member* const member =
        outcome.subject ? own_->directory.find(*outcome.subject) : nullptr;
    if (item.kind != network::ItemKind::Record || member == nullptr) {
        return;
    }
    for (const net::Prefix& subnet : member->refused_subnets()) {
        state_.log.warn("{} advertises {} without being entitled to it: ignored",
                        member->attributes.name, subnet.to_string());
    }
}

void NetworkKeeper::refresh(base::Instant now) {
    choose_own_address();
    update_record(now);
    grant();
    membership_.apply(now);
    persist();
}

void NetworkKeeper::choose_own_address() {
    const network::AddressClaims claims(own_->directory, state_.id);
    network::AddressRules rules{own_->directory.document().ipv4, &route::derive_overlay_ipv4, {}};
    for (const Interface& interface : state_.view.interfaces) {
        for (const net::Prefix& prefix : interface.addresses) {
            rules.in_use.insert(prefix.address());
        }
    }
    const auto chosen = network::choose_address(state_.id, address_, claims, rules);
    if (!chosen) {
        state_.problems["address"] = "no IPv4 address of the network is free";
        address_.reset();
        return;
    }
    state_.problems.erase("address");
    if (address_ && *address_ != *chosen) {
        state_.log.warn("{} belongs to a member with a smaller node id: this node is {} now",
                        address_->to_string(), chosen->to_string());
    }
    address_ = *chosen;
}

void NetworkKeeper::update_record(base::Instant now) {
    const network::Member* self = own_->directory.find(state_.id);
    if (self == nullptr) {
        return;
    }
    network::NodeRecord record;
    record.key = state_.key;
    record.name = self->attributes.name;
    record.role = self->attributes.role;
    record.underlay = own_addresses(state_);
    record.ipv4 = address_;
    record.subnets = state_.config.network.advertise_subnets;
    record.subnets.resize(std::min(record.subnets.size(), network::kRecordSubnetsMax));
    record.ttl = kRecordLife;
    const auto seconds =
        static_cast<std::uint64_t>(std::max<std::int64_t>(state_.wall_now.seconds, 1));
    record.sequence = seconds;
    if (self->record) {
        const network::NodeRecord& last = self->record->value;
        const bool same = last.name == record.name && last.role == record.role &&
                          last.underlay == record.underlay && last.ipv4 == record.ipv4 &&
                          last.subnets == record.subnets;
        if (same && now < record_at_ && !record_at_.is_never()) {
            return;
        }
        record.sequence = std::max(seconds, last.sequence + 1);
    }
    record.issued = state_.wall_now;
    record_at_ = now + kRecordRenewal;
    const auto made = network::sign_record(state_.identity, record, own_->directory.id());
    if (!made) {
        state_.log.warn("this node's record cannot be made: {}", made.error().text);
        return;
    }
    network::Item item{network::ItemKind::Record, made->encoded};
    if (own_->directory.merge(item, state_.wall_now).is_news()) {
        news_.push_back(std::move(item));
    }
}

void NetworkKeeper::grant() {
    NetworkGrants grants;
    if (own_) {
        const net::Prefix v6 = ipv6_network(own_->directory);
        const net::Prefix v4 = own_->directory.document().ipv4;
        const network::AddressClaims claims(own_->directory, state_.id);
        if (address_) {
            grants.addresses.emplace_back(*address_, v4.length());
        }
        if (const auto own6 = route::derive_overlay_ipv6(v6, state_.id.bytes)) {
            grants.addresses.emplace_back(*own6, v6.length());
        }
        grants.authority = own_->directory.document().authority;
        for (const auto& [id, member] : own_->directory.members()) {
            if (id != state_.id) {
                grants.peers.push_back(network_peer_of(member, claims, v6));
                guests_.erase(id);
            }
        }
        for (const auto& [id, revocation] : own_->directory.revocations()) {
            grants.revoked.push_back(id);
        }
        if (own_->authority) {
            for (const network::IssuedInvite& invite : own_->invites.invites()) {
                if (state_.wall_now < invite.expires) {
                    grants.tokens.emplace_back(invite.proof_key);
                }
            }
        }
    }
    for (const auto& [id, guest] : guests_) {
        grants.peers.push_back({id, guest.key, {}, {}, {}, {}});
    }
    if (joining_) {
        grants.hosts.push_back(joining_->invite.admin);
        grants.peers.push_back(
            {joining_->invite.admin, std::nullopt, {}, joining_->invite.endpoints, {}, {}});
    }
    state_.grants = std::move(grants);
}

void NetworkKeeper::spread(base::Instant, PeerHandle source) {
    const std::vector<network::News> pages = network::news_of(std::exchange(news_, {}));
    if (pages.empty()) {
        return;
    }
    for (const PeerHandle peer : state_.peers.handles()) {
        if (peer != source && is_member(peer)) {
            for (const network::News& page : pages) {
                send(peer, page);
            }
        }
    }
}

void NetworkKeeper::handle_change(base::Instant now) {
    if (own_) {
        refresh(now);
        spread(now, {});
    }
}

// --- Peers
// ----------------------------------------------------------------------------------------

bool NetworkKeeper::is_member(PeerHandle handle) const {
    const Peer* peer = state_.peers.get(handle);
    return own_ && peer != nullptr && own_->directory.find(peer->id) != nullptr;
}

bool NetworkKeeper::send(PeerHandle handle, const network::NetworkMessage& message) {
    Peer* peer = state_.peers.get(handle);
    base::Bytes bytes = network::encode_network_message(message);
    const bool sent = peer != nullptr && conversation_.send_encoded(*peer, bytes);
    base::wipe(bytes);
    return sent;
}

void NetworkKeeper::send(PeerHandle peer, std::vector<network::NetworkMessage> messages) {
    for (const network::NetworkMessage& message : messages) {
        if (!send(peer, message)) {
            return;
        }
    }
}

void NetworkKeeper::handle_connected(base::Instant now, const quic::Connected& event) {
    if (event.rule != crypto::TrustRule::Token || !own_ || guests_.size() >= kGuestsMax ||
        !state_.peers.find(event.node_id).is_null()) {
        return;
    }
    guests_.insert_or_assign(event.node_id, Guest{event.key, now + kGuestStay});
    grant();
    membership_.apply(now);
}

void NetworkKeeper::handle_greeting(base::Instant now, PeerHandle handle) {
    const Peer* peer = state_.peers.get(handle);
    if (peer == nullptr) {
        return;
    }
    if (joining_ && peer->id == joining_->invite.admin && peer->key) {
        const auto& secret = joining_->invite.secret;
        network::JoinRequest request;
        request.invite = network::invite_id_of(secret);
        request.proof =
            network::invite_proof(network::invite_proof_key(secret), *peer->key, state_.key);
        request.wished_name = joining_->wished_name;
        joining_->asked = send(handle, request);
        return;
    }
    if (is_member(handle)) {
        send(handle, network::digest_of(own_->directory));
    }
    static_cast<void>(now);
}

// --- Time
// -----------------------------------------------------------------------------------------

void NetworkKeeper::handle_deadline(base::Instant now) {
    if (joining_ && joining_->give_up_at <= now) {
        end_joining(
            now, ErrorReply{ErrorKind::Timeout,
                            joining_->asked ? "the admin of the invite does not answer"
                                            : "the admin of the invite cannot be reached; is its "
                                              "machine on, and can this one reach its UDP port?"});
    }
    if (std::erase_if(guests_, [now](const auto& g) { return g.second.leaves_at <= now; }) > 0) {
        grant();
        membership_.apply(now);
    }
    if (!own_) {
        return;
    }
    if (compare_at_ <= now) {
        compare_at_ = now + kComparisonInterval;
        const std::vector<PeerHandle> peers = state_.peers.handles();
        if (!peers.empty()) {
            const PeerHandle peer = peers[state_.rng.below(peers.size())];
            handle_greeting(now, peer);
        }
        if (!own_->directory.expire(state_.wall_now).empty() ||
            own_->invites.expire(state_.wall_now)) {
            refresh(now);
        }
    }
    if (record_at_ <= now) {
        refresh(now);
        spread(now, {});
    }
    if (renew_at_ <= now) {
        ask_for_renewal(now);
    }
}

void NetworkKeeper::ask_for_renewal(base::Instant now) {
    renew_at_ = now + kRenewalCheck;
    const network::Member* self = own_->directory.find(state_.id);
    if (self == nullptr || !network::needs_renewal(self->facts, state_.wall_now)) {
        return;
    }
    renew_at_ = now + kRenewalRetry;
    if (own_->authority) {
        auto answer =
            own_->authority->handle_renew(state_.key, own_->directory, state_.wall_now, state_.rng);
        if (const auto* renewed = std::get_if<network::RenewReply>(&answer)) {
            own_->certificate = renewed->certificate;
            news_.push_back({network::ItemKind::Certificate, renewed->certificate});
            show_credential();
            refresh(now);
            spread(now, {});
        }
        return;
    }
    for (const PeerHandle peer : state_.peers.handles()) {
        const network::Member* member = own_->directory.find(state_.peers.get(peer)->id);
        if (member != nullptr && member->attributes.admin && send(peer, network::RenewRequest{})) {
            return;
        }
    }
}

base::Instant NetworkKeeper::next_deadline() const noexcept {
    base::Instant next = std::min({compare_at_, renew_at_, record_at_});
    if (joining_) {
        next = std::min(next, joining_->give_up_at);
    }
    for (const auto& [id, guest] : guests_) {
        next = std::min(next, guest.leaves_at);
    }
    return next;
}

std::optional<Effect> NetworkKeeper::poll_effect() {
    if (effects_.empty()) {
        return std::nullopt;
    }
    std::optional<Effect> effect(std::move(effects_.front()));
    effects_.pop_front();
    return effect;
}

std::optional<ControlReply> NetworkKeeper::poll_reply() {
    if (replies_.empty()) {
        return std::nullopt;
    }
    std::optional<ControlReply> reply(std::move(replies_.front()));
    replies_.pop_front();
    return reply;
}

}  // namespace qe::node
