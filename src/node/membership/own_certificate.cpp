// SPDX-License-Identifier: Apache-2.0
#include "node/membership/own_certificate.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "quicether/network/renewal.h"

namespace qe::node {
namespace {

/// The wall clock may jump, so its time is not relied on for longer.
constexpr std::int64_t kCheckSeconds = 3600;
constexpr base::Duration kRetry = base::seconds(60);

bool is_connected_admin(const OwnNetwork& network, const Peer& peer) {
    const network::Member* const member = network->directory.find(peer.id);
    return member != nullptr && member->attributes.admin && peer.connected();
}

}  // namespace

void OwnCertificate::begin(base::Instant now) {
    quic::Credential credential;
    if (network_) {
        credential.certificate = network_->certificate;
    }
    show(std::move(credential));
    renew_at_ = network_ ? now : base::Instant::never();
}

void OwnCertificate::show_invite(const network::Invite& invite) {
    quic::Credential credential;
    credential.attributes =
        crypto::BearerToken(network::invite_proof_key(invite.secret)).attributes(state_.key);
    show(std::move(credential));
}

void OwnCertificate::show(quic::Credential credential) {
    if (const auto set = state_.endpoint->set_credential(std::move(credential)); !set) {
        state_.problems["credential"] =
            "the certificate of the network cannot be shown: " + std::string(set.error().text);
    } else {
        state_.problems.erase("credential");
    }
}

void OwnCertificate::adopt(base::Instant now) {
    const network::Member* const self = network_.self();
    if (self == nullptr || self->certificate == network_->certificate) {
        return;
    }
    network_->certificate = self->certificate;
    network_.store_now();
    quic::Credential credential;
    credential.certificate = network_->certificate;
    show(std::move(credential));
    schedule(now);
}

bool OwnCertificate::is_due() const {
    const network::Member* const self = network_.self();
    return self != nullptr && network::needs_renewal(self->facts, state_.wall_now);
}

void OwnCertificate::schedule(base::Instant now) {
    const network::Member* const self = network_.self();
    const std::int64_t left =
        self == nullptr ? kCheckSeconds
                        : network::renewal_time(self->facts).seconds - state_.wall_now.seconds;
    renew_at_ = now + base::seconds(std::clamp<std::int64_t>(left, 1, kCheckSeconds));
}

void OwnCertificate::handle_greeting(base::Instant now, PeerHandle handle) {
    const Peer* const peer = state_.peers.get(handle);
    if (peer != nullptr && network_ && !network_.is_admin() && is_due() &&
        is_connected_admin(network_, *peer)) {
        outbox_.send(handle, network::RenewRequest{});
        renew_at_ = now + kRetry;
    }
}

void OwnCertificate::handle_deadline(base::Instant now) {
    if (now < renew_at_) {
        return;
    }
    if (!is_due()) {
        schedule(now);
        return;
    }
    renew_at_ = now + kRetry;
    renew(now);
}

void OwnCertificate::renew(base::Instant now) {
    if (network_.is_admin()) {
        auto answer = network_->authority->handle_renew(state_.key, network_->directory,
                                                        state_.wall_now, state_.rng);
        if (auto* const renewed = std::get_if<network::RenewReply>(&answer)) {
            network_.note(state_.id);
            network_.tell({network::ItemKind::Certificate, std::move(renewed->certificate)});
            adopt(now);
        }
        return;
    }
    std::vector<PeerHandle> admins;
    state_.peers.for_each([&](PeerHandle handle, const Peer& peer) {
        if (is_connected_admin(network_, peer)) {
            admins.push_back(handle);
        }
    });
    if (!admins.empty()) {
        outbox_.send(admins[state_.rng.below(admins.size())], network::RenewRequest{});
        return;
    }
    for (const auto& [id, member] : network_->directory.members()) {
        if (member.attributes.admin) {
            state_.want(state_.peers.find(id), now);  // it is asked when it greets
        }
    }
}

}  // namespace qe::node
