// SPDX-License-Identifier: Apache-2.0
//
// NetworkKeeper: this node as a member of a network.
//
// Founds or joins it, holds the directory, keeps it equal to the directories of the others, answers
// joining nodes if it is an admin, chooses the overlay IPv4 address, and says in NodeState::grants
// what follows for peers, trust and addresses. docs/protocol/membership.md.
//
// News (certificates, records, revocations) goes to every connected member at once, and a
// comparison at the begin of each session and now and then repairs what was missed.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "node/discovery/discovery.h"
#include "node/links/conversation.h"
#include "node/membership/membership.h"
#include "node/membership/network_peers.h"
#include "node/membership/own_membership.h"
#include "node/node_state.h"
#include "quicether/control/messages.h"
#include "quicether/network/network_message.h"
#include "quicether/node/node.h"

namespace qe::node {

/// How long an admin may take to be found and to answer.
inline constexpr base::Duration kJoinPatience = base::seconds(30);
/// How long a guest may stay without having become a member.
inline constexpr base::Duration kGuestStay = base::seconds(60);
inline constexpr std::size_t kGuestsMax = 64;
/// Between two comparisons with some member.
inline constexpr base::Duration kComparisonInterval = base::seconds(300);

struct NetworkParts {
    NodeState& state;
    Conversation& conversation;
    Discovery& discovery;
    Membership& membership;
};

class NetworkKeeper {
  public:
    explicit NetworkKeeper(const NetworkParts& parts)
        : state_(parts.state),
          conversation_(parts.conversation),
          discovery_(parts.discovery),
          membership_(parts.membership) {}

    // --- Input ---------------------------------------------------------------------------------
    /// What was persisted under kNetworkStateName.
    void handle_stored_state(base::Instant now, base::ByteView contents);
    /// A handshake is done: a bearer of an invite becomes a guest.
    void handle_connected(base::Instant now, const quic::Connected& event);
    /// A peer has said Hello on its first link, or on a new one.
    void handle_greeting(base::Instant now, PeerHandle peer);
    void handle_message(base::Instant now, PeerHandle peer, base::ByteView bytes);
    /// Our addresses, subnets or name may have changed.
    void handle_change(base::Instant now);
    void handle_deadline(base::Instant now);
    /// The reply, unless it comes from poll_reply(). Nothing for requests of other kinds.
    [[nodiscard]] bool handles(const control::Request& request) const;
    [[nodiscard]] std::optional<control::Reply> handle_request(base::Instant now, RequestId id,
                                                               const control::Request& request);

    // --- Output --------------------------------------------------------------------------------
    [[nodiscard]] std::optional<Effect> poll_effect();
    [[nodiscard]] std::optional<ControlReply> poll_reply();
    [[nodiscard]] base::Instant next_deadline() const noexcept;

  private:
    /// We hold an invite and look for its admin.
    struct Joining {
        RequestId request = 0;
        network::Invite invite;
        std::string wished_name;
        base::Instant give_up_at;
        bool asked = false;
    };
    struct Guest {
        crypto::PublicKey key;
        base::Instant leaves_at;
    };

    // Requests of the operator.
    [[nodiscard]] control::Reply create(base::Instant now,
                                        const control::NetworkCreateRequest& request);
    [[nodiscard]] control::Reply leave(base::Instant now,
                                       const control::NetworkLeaveRequest& request);
    [[nodiscard]] control::Reply invite(base::Instant now, const control::InviteRequest& request);
    [[nodiscard]] std::optional<control::Reply> join(base::Instant now, RequestId id,
                                                     const control::JoinRequest& request);
    [[nodiscard]] control::Reply revoke(base::Instant now, const control::RevokeRequest& request);
    [[nodiscard]] control::Reply promote(base::Instant now, const control::PromoteRequest& request);
    [[nodiscard]] const network::Member* find_member(const std::string& text) const;

    // Messages of peers.
    void on(base::Instant now, PeerHandle peer, const network::JoinRequest& message);
    void on(base::Instant now, PeerHandle peer, const network::JoinReply& message);
    void on(base::Instant now, PeerHandle peer, const network::JoinRefusal& message);
    void on(base::Instant now, PeerHandle peer, const network::RenewRequest& message);
    void on(base::Instant now, PeerHandle peer, const network::RenewReply& message);
    void on(base::Instant now, PeerHandle peer, const network::AdminGrant& message);
    void on(base::Instant now, PeerHandle peer, const network::Digest& message);
    void on(base::Instant now, PeerHandle peer, const network::Summary& message);
    void on(base::Instant now, PeerHandle peer, const network::Wanted& message);
    void on(base::Instant now, PeerHandle peer, const network::News& message);

    /// Becomes a member: from now on this certificate is shown.
    void enter(base::Instant now, OwnMembership membership);
    /// Is a member no more.
    void forget(base::Instant now);
    void end_joining(base::Instant now, control::Reply reply);
    /// Takes in items; what is news goes on to everybody but `source`.
    void merge(base::Instant now, const std::vector<network::Item>& items, PeerHandle source);
    void report_refused_subnets(const network::Item& item, const network::MergeOutcome& outcome);
    /// What has changed in the directory has its consequences: address, record, peers, trust.
    void refresh(base::Instant now);
    void update_record(base::Instant now);
    void choose_own_address();
    void grant();
    void spread(base::Instant now, PeerHandle source);
    void ask_for_renewal(base::Instant now);
    void persist();
    bool send(PeerHandle peer, const network::NetworkMessage& message);
    void send(PeerHandle peer, std::vector<network::NetworkMessage> messages);
    [[nodiscard]] bool is_member(PeerHandle peer) const;
    void show_credential();

    NodeState& state_;
    Conversation& conversation_;
    Discovery& discovery_;
    Membership& membership_;

    std::optional<OwnMembership> own_;
    std::optional<Joining> joining_;
    std::map<crypto::NodeId, Guest> guests_;
    std::optional<net::IpAddress> address_;  ///< Our overlay IPv4 address.
    std::vector<network::Item> news_;        ///< To be spread.
    base::Instant compare_at_ = base::Instant::never();
    base::Instant renew_at_ = base::Instant::never();
    base::Instant record_at_ = base::Instant::never();
    std::deque<Effect> effects_;
    std::deque<ControlReply> replies_;
};

}  // namespace qe::node
