// SPDX-License-Identifier: Apache-2.0
//
// Admissions: the one who admits others, if this node is an admin.
//
// Whoever bears an invite may stay for a while as a guest and ask to join; members ask for new
// certificates. The answer to a joiner leaves, and others hear of it, only when the used invite is
// stored: a crash at any moment leaves no invite to be used twice.
#pragma once

#include <deque>
#include <map>

#include "node/membership/network_outbox.h"
#include "node/membership/own_network.h"
#include "node/node_state.h"

namespace qe::node {

/// How long a guest may stay without having become a member.
inline constexpr base::Duration kGuestStay = base::seconds(60);
inline constexpr std::size_t kGuestsMax = 64;
/// Answers that wait for the disk.
inline constexpr std::size_t kHeldAnswersMax = 64;

struct Guest {
    crypto::PublicKey key;
    base::Instant leaves_at;
};

class Admissions {
  public:
    Admissions(NodeState& state, OwnNetwork& network, NetworkOutbox& outbox)
        : state_(state), network_(network), outbox_(outbox) {}

    /// A handshake is done: a bearer of an invite becomes a guest.
    void handle_connected(base::Instant now, const quic::Connected& event);
    void handle(PeerHandle peer, const network::JoinRequest& message);
    void handle(PeerHandle peer, const network::RenewRequest& message);
    /// OwnNetwork::persisted() may have grown: answers leave.
    void release();
    void handle_deadline(base::Instant now);
    /// The network is left.
    void clear();

    [[nodiscard]] const std::map<crypto::NodeId, Guest>& guests() const noexcept { return guests_; }
    /// It is about to become a member, and does not know yet.
    [[nodiscard]] bool is_held(PeerHandle peer) const;
    [[nodiscard]] base::Instant next_deadline() const noexcept;

  private:
    struct HeldAnswer {
        PeerHandle peer;
        std::uint64_t number = 0;  ///< Of the write that must be safe.
        network::JoinReply answer;
        std::optional<network::Item> news;
    };

    NodeState& state_;
    OwnNetwork& network_;
    NetworkOutbox& outbox_;
    std::map<crypto::NodeId, Guest> guests_;
    std::deque<HeldAnswer> held_;
};

}  // namespace qe::node
