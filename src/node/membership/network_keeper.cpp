// SPDX-License-Identifier: Apache-2.0
#include "node/membership/network_keeper.h"

#include <algorithm>
#include <utility>

#include "node/links/close_text.h"
#include "node/membership/name_settling.h"
#include "node/membership/network_report.h"

namespace qe::node {

using control::ErrorKind;
using control::ErrorReply;

NetworkKeeper::NetworkKeeper(const NetworkParts& parts)
    : state_(parts.state),
      conversation_(parts.conversation),
      discovery_(parts.discovery),
      membership_(parts.membership),
      network_(state_),
      presence_(state_, network_),
      joining_(state_, outbox_),
      admissions_(state_, network_, outbox_),
      spreading_(state_, network_, outbox_),
      certificate_(state_, network_, outbox_),
      requests_(state_, network_, outbox_),
      grants_(state_, {network_, presence_, admissions_, joining_}) {}

// --- In and out of a network --------------------------------------------------------------------

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
    settle(now);
}

void NetworkKeeper::enter(base::Instant now, OwnMembership membership) {
    network_.enter(std::move(membership));
    begin(now);
    discovery_.set_swarm(now, network::swarm_mac_key(network::swarm_seed_of(network_->secret)));
    state_.log.info("member of the network {} ({})", network_->directory.document().name,
                    network_->directory.id().to_string());
}

void NetworkKeeper::forget(base::Instant now) {
    network_.leave();
    admissions_.clear();
    begin(now);
    discovery_.set_default_swarm(now);
}

void NetworkKeeper::begin(base::Instant now) {
    presence_.begin();
    spreading_.begin(now);
    certificate_.begin(now);
}

control::Reply NetworkKeeper::create(base::Instant now,
                                     const control::NetworkCreateRequest& request) {
    if (network_) {
        return already_member(*network_);
    }
    if (joining_.invite() != nullptr) {
        return ErrorReply{ErrorKind::Failed, "this node is about to join a network"};
    }
    auto founded = found_network(state_, request);
    if (auto* const error = std::get_if<ErrorReply>(&founded)) {
        return std::move(*error);
    }
    enter(now, std::move(std::get<OwnMembership>(founded)));
    return network_report(*network_, state_);
}

std::optional<control::Reply> NetworkKeeper::join(base::Instant now, RequestId id,
                                                  const control::JoinRequest& request) {
    if (network_) {
        return already_member(*network_);
    }
    if (joining_.invite() != nullptr) {
        return ErrorReply{ErrorKind::Failed, "this node is about to join a network already"};
    }
    auto invite = network::parse_invite(request.token, state_.wall_now);
    if (!invite) {
        return ErrorReply{ErrorKind::Failed, std::string(invite.error().text)};
    }
    if (invite->admin == state_.id) {
        return ErrorReply{ErrorKind::BadRequest, "this invite is of this very node"};
    }
    joining_.begin(now, id, std::move(*invite), wished_name(request.name, state_));
    certificate_.show_invite(*joining_.invite());
    discovery_.set_swarm(now, network::swarm_mac_key(joining_.invite()->swarm));
    network_.note(joining_.invite()->admin);
    network_.note_trust();
    return std::nullopt;
}

void NetworkKeeper::end_joining(base::Instant now, std::optional<JoinOutcome> outcome) {
    if (!outcome) {
        return;
    }
    if (!outcome->membership) {
        replies_.push_back({outcome->request, std::move(outcome->error)});
        network_.note_everything();
        begin(now);
        discovery_.set_default_swarm(now);
        return;
    }
    enter(now, std::move(*outcome->membership));
    control::NetworkReply report = network_report(*network_, state_);
    report.members = std::max(report.members, outcome->members);
    replies_.push_back({outcome->request, std::move(report)});
    spreading_.compare(outcome->admin);
}

std::optional<control::Reply> NetworkKeeper::handle_request(base::Instant now, RequestId id,
                                                            const control::Request& request) {
    std::optional<control::Reply> reply;
    if (const auto* wanted = std::get_if<control::NetworkCreateRequest>(&request)) {
        reply = create(now, *wanted);
    } else if (const auto* invited = std::get_if<control::JoinRequest>(&request)) {
        reply = join(now, id, *invited);
    } else {
        reply = requests_.handle(request);
    }
    if (reply && std::holds_alternative<control::NetworkLeaveReply>(*reply)) {
        spreading_.spread();
        flush();
        forget(now);
    }
    settle(now);
    return reply;
}

// --- Peers --------------------------------------------------------------------------------------

void NetworkKeeper::handle_persisted(base::Instant now, std::uint64_t number) {
    network_.handle_persisted(number);
    if (network_) {
        admissions_.release();
        settle(now);
    }
}

void NetworkKeeper::handle_connected(base::Instant now, const quic::Connected& event) {
    admissions_.handle_connected(now, event);
    settle(now);
}

void NetworkKeeper::handle_greeting(base::Instant now, PeerHandle peer) {
    joining_.handle_greeting(peer);
    spreading_.compare(peer);
    certificate_.handle_greeting(now, peer);
    settle(now);
}

void NetworkKeeper::handle_message(base::Instant now, PeerHandle handle, base::ByteView bytes) {
    const auto message = network::parse_network_message(bytes);
    if (!message) {
        state_.log.debug("a message about the network is of no use: {}", message.error().text);
        return;
    }
    const Peer* const peer = state_.peers.get(handle);
    if (peer == nullptr) {
        return;
    }
    if (!budgets_.take(now, peer->id, *message)) {
        if (const auto held_back = budget_log_.admit(now)) {
            state_.log.warn("{} says more about the network than is listened to{}", describe(*peer),
                            held_back_text(*held_back));
        }
        return;
    }
    dispatch(now, handle, *message);
    settle(now);
}

void NetworkKeeper::dispatch(base::Instant now, PeerHandle handle,
                             const network::NetworkMessage& message) {
    if (const auto* request = std::get_if<network::JoinRequest>(&message)) {
        admissions_.handle(handle, *request);
    } else if (const auto* reply = std::get_if<network::JoinReply>(&message)) {
        end_joining(now, joining_.handle(handle, *reply));
    } else if (const auto* refusal = std::get_if<network::JoinRefusal>(&message)) {
        end_joining(now, joining_.handle(handle, *refusal));
    } else if (network_.has_member(state_.peers.get(handle)->id) && !admissions_.is_held(handle)) {
        dispatch_member(now, handle, message);
    }
}

void NetworkKeeper::dispatch_member(base::Instant now, PeerHandle handle,
                                    const network::NetworkMessage& message) {
    if (const auto* request = std::get_if<network::RenewRequest>(&message)) {
        admissions_.handle(handle, *request);
    } else if (const auto* renewed = std::get_if<network::RenewReply>(&message)) {
        network_.merge({{network::ItemKind::Certificate, renewed->certificate}}, handle);
    } else if (const auto* grant = std::get_if<network::AdminGrant>(&message)) {
        take_grant(handle, *grant);
    } else if (const auto* digest = std::get_if<network::Digest>(&message)) {
        spreading_.handle(handle, *digest);
    } else if (const auto* summary = std::get_if<network::Summary>(&message)) {
        spreading_.handle(handle, *summary);
    } else if (const auto* wanted = std::get_if<network::Wanted>(&message)) {
        spreading_.handle(handle, *wanted);
    } else if (const auto* news = std::get_if<network::News>(&message)) {
        spreading_.handle(now, handle, *news);
    }
}

void NetworkKeeper::take_grant(PeerHandle handle, const network::AdminGrant& message) {
    const Peer& peer = *state_.peers.get(handle);
    const network::Member* const sender = network_->directory.find(peer.id);
    auto authority = network::Authority::from_grant(message, network_->directory.document());
    if (sender == nullptr || !sender->attributes.admin || !authority) {
        state_.log.warn("{} may not make this node an admin", describe(peer));
        return;
    }
    network_->authority.emplace(std::move(*authority));
    network_.merge({{network::ItemKind::Certificate, message.certificate}}, handle);
    network_.note_trust();
    network_.store_now();
    state_.log.info("this node is an admin of the network now");
}

// --- What follows -------------------------------------------------------------------------------

void NetworkKeeper::handle_change(base::Instant now) {
    presence_.handle_host_change();
    if (network_) {
        presence_.update(now);
        settle(now);
    }
}

void NetworkKeeper::handle_deadline(base::Instant now) {
    end_joining(now, joining_.handle_deadline(now));
    admissions_.handle_deadline(now);
    if (network_) {
        if (spreading_.next_deadline() <= now) {
            budgets_.forget_absent(state_);
        }
        spreading_.handle_deadline(now);
        certificate_.handle_deadline(now);
        if (presence_.next_deadline() <= now) {
            presence_.update(now);
        }
    }
    settle(now);
}

void NetworkKeeper::settle(base::Instant now) {
    if (network_ && network_->directory.is_revoked(state_.id)) {
        state_.log.error("this node's membership of {} has been revoked",
                         network_->directory.document().name);
        state_.problems["network"] = "this node's membership of its network has been revoked";
        forget(now);
    }
    if (network_.changes().any()) {
        settle_names(network_, state_);
        certificate_.adopt(now);
        presence_.update(now);
    }
    if (network_) {
        spreading_.spread();
    }
    flush();  // before a change of trust ends sessions
    if (network_.changes().any()) {
        const GrantChanges changes = grants_.update(network_.take_changes());
        membership_.apply(now, changes);
        if (changes.own) {
            discovery_.handle_own_change(now);
        }
    }
    network_.write(now, false);
}

void NetworkKeeper::flush() {
    while (auto outgoing = outbox_.poll()) {
        base::Bytes bytes = network::encode_network_message(outgoing->message);
        for (const PeerHandle to : outgoing->to) {
            if (Peer* const peer = state_.peers.get(to)) {
                conversation_.send_encoded(*peer, bytes);
            }
        }
        base::wipe(bytes);
    }
}

std::optional<ControlReply> NetworkKeeper::poll_reply() {
    if (replies_.empty()) {
        return std::nullopt;
    }
    std::optional<ControlReply> reply(std::move(replies_.front()));
    replies_.pop_front();
    return reply;
}

base::Instant NetworkKeeper::next_deadline() const noexcept {
    return std::min({joining_.next_deadline(), admissions_.next_deadline(),
                     spreading_.next_deadline(), certificate_.next_deadline(),
                     presence_.next_deadline(), network_.next_deadline()});
}

}  // namespace qe::node
