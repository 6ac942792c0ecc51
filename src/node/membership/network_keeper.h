// SPDX-License-Identifier: Apache-2.0
//
// NetworkKeeper: this node as a member of a network. docs/protocol/membership.md.
//
// Gives each input to the part it is for, and sees afterwards to what follows from it:
//
//   Joining, Admissions, Spreading, OwnCertificate, NetworkRequests
//     → OwnNetwork (changes, news)  → Presence (address, record)
//     → NetworkOutbox (messages)    → GrantKeeper (NodeState::grants) → Membership
//
// Each part knows those to its right only.
#pragma once

#include <deque>
#include <optional>

#include "node/discovery/discovery.h"
#include "node/links/conversation.h"
#include "node/membership/admissions.h"
#include "node/membership/grant_keeper.h"
#include "node/membership/joining.h"
#include "node/membership/membership.h"
#include "node/membership/message_budgets.h"
#include "node/membership/network_outbox.h"
#include "node/membership/network_requests.h"
#include "node/membership/own_certificate.h"
#include "node/membership/own_network.h"
#include "node/membership/presence.h"
#include "node/membership/spreading.h"
#include "node/node_state.h"
#include "quicether/control/messages.h"
#include "quicether/node/node.h"

namespace qe::node {

struct NetworkParts {
    NodeState& state;
    Conversation& conversation;
    Discovery& discovery;
    Membership& membership;
};

class NetworkKeeper {
  public:
    explicit NetworkKeeper(const NetworkParts& parts);

    // --- Input ---------------------------------------------------------------------------------
    /// What was persisted under kNetworkStateName.
    void handle_stored_state(base::Instant now, base::ByteView contents);
    /// A write of ours is safe.
    void handle_persisted(base::Instant now, std::uint64_t number);
    void handle_connected(base::Instant now, const quic::Connected& event);
    /// A peer has said Hello on its first link, or on a new one.
    void handle_greeting(base::Instant now, PeerHandle peer);
    void handle_message(base::Instant now, PeerHandle peer, base::ByteView bytes);
    /// Our addresses, subnets or name may have changed.
    void handle_change(base::Instant now);
    void handle_deadline(base::Instant now);
    /// The reply, unless it comes from poll_reply(). Precondition: is_network_request().
    [[nodiscard]] std::optional<control::Reply> handle_request(base::Instant now, RequestId id,
                                                               const control::Request& request);
    /// The node ends: what is not stored yet is written.
    void shutdown(base::Instant now) { network_.write(now, true); }

    // --- Output --------------------------------------------------------------------------------
    [[nodiscard]] std::optional<PersistState> poll_state() { return network_.poll_state(); }
    [[nodiscard]] std::optional<ControlReply> poll_reply();
    [[nodiscard]] base::Instant next_deadline() const noexcept;
    /// Messages that were not listened to, because their senders said too much.
    [[nodiscard]] std::uint64_t messages_dropped() const noexcept { return budgets_.dropped(); }

  private:
    [[nodiscard]] control::Reply create(base::Instant now,
                                        const control::NetworkCreateRequest& request);
    [[nodiscard]] std::optional<control::Reply> join(base::Instant now, RequestId id,
                                                     const control::JoinRequest& request);
    void dispatch(base::Instant now, PeerHandle peer, const network::NetworkMessage& message);
    void dispatch_member(base::Instant now, PeerHandle peer,
                         const network::NetworkMessage& message);
    void take_grant(PeerHandle peer, const network::AdminGrant& message);
    void end_joining(base::Instant now, std::optional<JoinOutcome> outcome);
    /// Becomes a member: from now on this certificate is shown.
    void enter(base::Instant now, OwnMembership membership);
    /// Is a member no more.
    void forget(base::Instant now);
    /// Another network, or none: all parts begin anew.
    void begin(base::Instant now);
    /// What follows from an input.
    void settle(base::Instant now);
    void flush();

    NodeState& state_;
    Conversation& conversation_;
    Discovery& discovery_;
    Membership& membership_;

    NetworkOutbox outbox_;
    OwnNetwork network_;
    Presence presence_;
    Joining joining_;
    Admissions admissions_;
    Spreading spreading_;
    OwnCertificate certificate_;
    NetworkRequests requests_;
    GrantKeeper grants_;
    MessageBudgets budgets_;
    base::LogLimiter budget_log_;
    std::deque<ControlReply> replies_;
};

}  // namespace qe::node
