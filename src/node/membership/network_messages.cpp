// SPDX-License-Identifier: Apache-2.0
//
// NetworkKeeper, part of: what peers say about the network.
#include <utility>

#include "node/links/close_text.h"
#include "node/membership/network_keeper.h"
#include "node/membership/network_report.h"
#include "quicether/network/directory_sync.h"

namespace qe::node {
namespace {

using control::ErrorKind;
using control::ErrorReply;

control::Reply refused(const base::Error& error) {
    return ErrorReply{ErrorKind::Failed, std::string(error.text)};
}

}  // namespace

void NetworkKeeper::handle_message(base::Instant now, PeerHandle handle, base::ByteView bytes) {
    auto message = network::parse_network_message(bytes);
    if (!message) {
        state_.log.debug("a message about the network is of no use: {}", message.error().text);
        return;
    }
    const bool about_joining = std::holds_alternative<network::JoinRequest>(*message) ||
                               std::holds_alternative<network::JoinReply>(*message) ||
                               std::holds_alternative<network::JoinRefusal>(*message);
    if (about_joining || is_member(handle)) {
        std::visit([&](const auto& body) { on(now, handle, body); }, *message);
    }
}

void NetworkKeeper::on(base::Instant now, PeerHandle handle, const network::JoinRequest& message) {
    const Peer* peer = state_.peers.get(handle);
    if (peer == nullptr || !peer->key) {
        return;
    }
    if (!own_ || !own_->authority) {
        send(handle, network::make_refusal(network::JoinRefusalKind::NotAdmin));
        return;
    }
    const std::optional<base::Bytes> before = certificate_of(own_->directory, peer->id);
    auto answer = own_->authority->handle_join(
        message, *peer->key, {own_->directory, own_->invites, own_->secret, state_.key},
        state_.wall_now, state_.rng);
    if (auto* refusal = std::get_if<network::JoinRefusal>(&answer)) {
        state_.log.warn("{} may not join: {}", describe(*peer), refusal->sentence);
        send(handle, std::move(*refusal));
        return;
    }
    persist();  // the invite is used up, whatever becomes of the answer
    send(handle, std::move(std::get<network::JoinReply>(answer)));
    if (auto item = own_->directory.item(network::ItemKind::Certificate, peer->id);
        item && before != item->bytes) {
        state_.log.info("{} has joined the network", peer->id.to_string());
        news_.push_back(std::move(*item));
    }
    refresh(now);
    spread(now, handle);
    send(handle, network::digest_of(own_->directory));
}

void NetworkKeeper::on(base::Instant now, PeerHandle handle, const network::JoinReply& message) {
    const Peer* peer = state_.peers.get(handle);
    if (!joining_ || peer == nullptr || peer->id != joining_->invite.admin) {
        return;
    }
    auto document = network::parse_document(message.document, joining_->invite.network);
    if (!document) {
        end_joining(now, refused(document.error()));
        return;
    }
    OwnMembership membership{network::Directory(std::move(*document)),
                             message.secret.clone(),
                             message.certificate,
                             std::nullopt,
                             {}};
    const auto own = membership.directory.merge(
        {network::ItemKind::Certificate, message.certificate}, state_.wall_now);
    if (own.subject != state_.id || !own.is_news()) {
        end_joining(now, refused(own.refusal));
        return;
    }
    for (const network::Item& item : message.items) {
        static_cast<void>(membership.directory.merge(item, state_.wall_now));
    }
    const RequestId request = joining_->request;
    joining_.reset();
    enter(now, std::move(membership));
    replies_.push_back({request, network_report(*own_, state_)});
    spread(now, {});
    send(handle, network::digest_of(own_->directory));
}

void NetworkKeeper::on(base::Instant now, PeerHandle handle, const network::JoinRefusal& message) {
    const Peer* peer = state_.peers.get(handle);
    if (joining_ && peer != nullptr && peer->id == joining_->invite.admin) {
        end_joining(now, ErrorReply{ErrorKind::Denied, message.sentence});
    }
}

void NetworkKeeper::end_joining(base::Instant now, control::Reply reply) {
    replies_.push_back({joining_->request, std::move(reply)});
    joining_.reset();
    show_credential();
    if (!own_) {
        discovery_.set_default_swarm(now);
    }
    grant();
    membership_.apply(now);
}

void NetworkKeeper::on(base::Instant now, PeerHandle handle, const network::RenewRequest&) {
    const Peer& peer = *state_.peers.get(handle);
    if (!own_->authority || !peer.key) {
        send(handle, network::make_refusal(network::JoinRefusalKind::NotAdmin));
        return;
    }
    auto answer =
        own_->authority->handle_renew(*peer.key, own_->directory, state_.wall_now, state_.rng);
    if (auto* renewed = std::get_if<network::RenewReply>(&answer)) {
        news_.push_back({network::ItemKind::Certificate, renewed->certificate});
        send(handle, std::move(*renewed));
        refresh(now);
        spread(now, handle);
    } else {
        send(handle, std::move(std::get<network::JoinRefusal>(answer)));
    }
}

void NetworkKeeper::on(base::Instant now, PeerHandle handle, const network::RenewReply& message) {
    merge(now, {{network::ItemKind::Certificate, message.certificate}}, handle);
    if (own_ && certificate_of(own_->directory, state_.id) == message.certificate) {
        own_->certificate = message.certificate;
        show_credential();
        persist();
    }
}

void NetworkKeeper::on(base::Instant now, PeerHandle handle, const network::AdminGrant& message) {
    const network::Member* sender = own_->directory.find(state_.peers.get(handle)->id);
    auto authority = network::Authority::from_grant(message, own_->directory.document());
    if (sender == nullptr || !sender->attributes.admin || !authority) {
        state_.log.warn("{} may not make this node an admin", describe(*state_.peers.get(handle)));
        return;
    }
    own_->authority.emplace(std::move(*authority));
    on(now, handle, network::RenewReply{message.certificate});
    persist();
    state_.log.info("this node is an admin of the network now");
}

void NetworkKeeper::on(base::Instant, PeerHandle handle, const network::Digest& message) {
    send(handle, network::answer_digest(own_->directory, message));
}

void NetworkKeeper::on(base::Instant, PeerHandle handle, const network::Summary& message) {
    send(handle, network::answer_summary(own_->directory, message));
}

void NetworkKeeper::on(base::Instant, PeerHandle handle, const network::Wanted& message) {
    send(handle, network::answer_wanted(own_->directory, message));
}

void NetworkKeeper::on(base::Instant now, PeerHandle handle, const network::News& message) {
    merge(now, message.items, handle);
}

}  // namespace qe::node
