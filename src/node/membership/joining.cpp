// SPDX-License-Identifier: Apache-2.0
#include "node/membership/joining.h"

#include <utility>

namespace qe::node {

using control::ErrorKind;
using control::ErrorReply;

void Joining::begin(base::Instant now, RequestId request, network::Invite invite,
                    std::string wished_name) {
    attempt_.emplace(
        Attempt{request, std::move(invite), std::move(wished_name), now + kJoinPatience});
}

bool Joining::is_our_admin(PeerHandle handle) const {
    const Peer* const peer = state_.peers.get(handle);
    return attempt_ && peer != nullptr && peer->id == attempt_->invite.admin;
}

void Joining::handle_greeting(PeerHandle handle) {
    const Peer* const peer = state_.peers.get(handle);
    if (!is_our_admin(handle) || !peer->key) {
        return;
    }
    const auto& secret = attempt_->invite.secret;
    network::JoinRequest request;
    request.invite = network::invite_id_of(secret);
    request.proof =
        network::invite_proof(network::invite_proof_key(secret), *peer->key, state_.key);
    request.wished_name = attempt_->wished_name;
    outbox_.send(handle, std::move(request));
    attempt_->asked = true;
}

base::Result<OwnMembership> Joining::accept(const network::JoinReply& message) const {
    QE_TRY(auto document, network::parse_document(message.document, attempt_->invite.network));
    OwnMembership membership{network::Directory(std::move(document)),
                             message.secret.clone(),
                             message.certificate,
                             std::nullopt,
                             {}};
    const auto own = membership.directory.merge(
        {network::ItemKind::Certificate, message.certificate}, state_.wall_now);
    if (!own.is_news()) {
        return tl::unexpected<base::Error>(own.refusal);
    }
    if (own.subject != state_.id) {
        return base::fail(base::ErrorCode::kWrongIdentity,
                          "the admin has sent the certificate of another node");
    }
    for (const network::Item& item : message.items) {
        static_cast<void>(membership.directory.merge(item, state_.wall_now));
    }
    return membership;
}

std::optional<JoinOutcome> Joining::handle(PeerHandle peer, const network::JoinReply& message) {
    if (!is_our_admin(peer)) {
        return std::nullopt;
    }
    auto membership = accept(message);
    if (!membership) {
        return end({ErrorKind::Failed, std::string(membership.error().text)});
    }
    JoinOutcome outcome{attempt_->request,
                        std::move(*membership),
                        {},
                        peer,
                        static_cast<std::uint32_t>(message.members)};
    attempt_.reset();
    return outcome;
}

std::optional<JoinOutcome> Joining::handle(PeerHandle peer, const network::JoinRefusal& message) {
    if (!is_our_admin(peer)) {
        return std::nullopt;
    }
    return end({ErrorKind::Denied, message.sentence});
}

std::optional<JoinOutcome> Joining::handle_deadline(base::Instant now) {
    if (!attempt_ || now < attempt_->give_up_at) {
        return std::nullopt;
    }
    return end({ErrorKind::Timeout,
                attempt_->asked ? "the admin of the invite does not answer"
                                : "the admin of the invite cannot be reached; is its machine on, "
                                  "and can this one reach its UDP port?"});
}

JoinOutcome Joining::end(ErrorReply error) {
    JoinOutcome outcome{attempt_->request, std::nullopt, std::move(error), {}, 0};
    attempt_.reset();
    return outcome;
}

}  // namespace qe::node
