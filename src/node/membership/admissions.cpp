// SPDX-License-Identifier: Apache-2.0
#include "node/membership/admissions.h"

#include <algorithm>
#include <utility>

#include "node/links/close_text.h"
#include "quicether/network/directory_sync.h"

namespace qe::node {

void Admissions::handle_connected(base::Instant now, const quic::Connected& event) {
    if (event.rule != crypto::TrustRule::Token || !network_ || guests_.size() >= kGuestsMax ||
        !state_.peers.find(event.node_id).is_null()) {
        return;
    }
    guests_.insert_or_assign(event.node_id, Guest{event.key, now + kGuestStay});
    network_.note(event.node_id);
}

void Admissions::handle(PeerHandle handle, const network::JoinRequest& message) {
    const Peer* const peer = state_.peers.get(handle);
    if (peer == nullptr || !peer->key || is_held(handle)) {
        return;
    }
    if (!network_.is_admin()) {
        outbox_.send(handle, network::make_refusal(network::JoinRefusalKind::NotAdmin));
        return;
    }
    if (held_.size() >= kHeldAnswersMax) {
        outbox_.send(handle, network::make_refusal(network::JoinRefusalKind::Failed));
        return;
    }
    const std::optional<base::Bytes> before = certificate_of(network_->directory, peer->id);
    auto answer = network_->authority->handle_join(
        message, *peer->key, {network_->directory, network_->invites, network_->secret, state_.key},
        state_.wall_now, state_.rng);
    if (auto* const refusal = std::get_if<network::JoinRefusal>(&answer)) {
        state_.log.warn("{} may not join: {}", describe(*peer), refusal->sentence);
        outbox_.send(handle, std::move(*refusal));
        return;
    }
    guests_.erase(peer->id);
    network_.note(peer->id);
    HeldAnswer held{handle, network_.store_now(), std::move(std::get<network::JoinReply>(answer)),
                    std::nullopt};
    if (auto item = network_->directory.item(network::ItemKind::Certificate, peer->id);
        item && before != item->bytes) {
        state_.log.info("{} has joined the network", peer->id.to_string());
        held.news = std::move(*item);
    }
    held_.push_back(std::move(held));
}

bool Admissions::is_held(PeerHandle peer) const {
    return std::ranges::any_of(held_, [peer](const HeldAnswer& h) { return h.peer == peer; });
}

void Admissions::release() {
    while (!held_.empty() && held_.front().number <= network_.persisted()) {
        HeldAnswer held = std::move(held_.front());
        held_.pop_front();
        outbox_.send(held.peer, std::move(held.answer));
        if (held.news) {
            network_.tell(std::move(*held.news), held.peer);
        }
        outbox_.send(held.peer, network::digest_of(network_->directory));
    }
}

void Admissions::handle(PeerHandle handle, const network::RenewRequest&) {
    const Peer& peer = *state_.peers.get(handle);
    if (!network_.is_admin() || !peer.key) {
        outbox_.send(handle, network::make_refusal(network::JoinRefusalKind::NotAdmin));
        return;
    }
    const std::optional<base::Bytes> before = certificate_of(network_->directory, peer.id);
    auto answer = network_->authority->handle_renew(*peer.key, network_->directory, state_.wall_now,
                                                    state_.rng);
    if (auto* const refusal = std::get_if<network::JoinRefusal>(&answer)) {
        outbox_.send(handle, std::move(*refusal));
        return;
    }
    auto& renewed = std::get<network::RenewReply>(answer);
    if (before != renewed.certificate) {
        network_.note(peer.id);
        network_.tell({network::ItemKind::Certificate, renewed.certificate}, handle);
        network_.store_soon();
    }
    outbox_.send(handle, std::move(renewed));
}

void Admissions::handle_deadline(base::Instant now) {
    for (auto guest = guests_.begin(); guest != guests_.end();) {
        if (now < guest->second.leaves_at) {
            ++guest;
            continue;
        }
        network_.note(guest->first);
        guest = guests_.erase(guest);
    }
}

void Admissions::clear() {
    guests_.clear();
    held_.clear();
}

base::Instant Admissions::next_deadline() const noexcept {
    base::Instant next = base::Instant::never();
    for (const auto& [id, guest] : guests_) {
        next = std::min(next, guest.leaves_at);
    }
    return next;
}

}  // namespace qe::node
