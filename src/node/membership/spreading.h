// SPDX-License-Identifier: Apache-2.0
//
// Spreading: makes the directories of all members equal.
//
// News goes to every connected member at once. A comparison at the begin of each session, and now
// and then with some member, repairs what that missed; as long as it brings news, another follows.
#pragma once

#include <optional>
#include <set>

#include "node/membership/network_outbox.h"
#include "node/membership/own_network.h"
#include "node/node_state.h"

namespace qe::node {

/// Between two comparisons with some member.
inline constexpr base::Duration kComparisonInterval = base::seconds(300);
/// Before the next comparison with a member that had news for us.
inline constexpr base::Duration kCatchUpPause = base::seconds(4);

class Spreading {
  public:
    Spreading(NodeState& state, OwnNetwork& network, NetworkOutbox& outbox)
        : state_(state), network_(network), outbox_(outbox) {}

    /// Another network, or none.
    void begin(base::Instant now);
    /// Tells a member what we hold; it answers with what differs.
    void compare(PeerHandle peer);
    void handle(PeerHandle peer, const network::Digest& message);
    void handle(PeerHandle peer, const network::Summary& message);
    void handle(PeerHandle peer, const network::Wanted& message);
    void handle(base::Instant now, PeerHandle peer, const network::News& message);
    /// Hands on what OwnNetwork has as news.
    void spread();
    void handle_deadline(base::Instant now);
    [[nodiscard]] base::Instant next_deadline() const noexcept;

  private:
    struct CatchUp {
        PeerHandle peer;
        base::Instant at;
    };
    void send(const std::vector<PeerHandle>& to, std::vector<network::Item> items);
    void forget_expired();

    NodeState& state_;
    OwnNetwork& network_;
    NetworkOutbox& outbox_;
    base::Instant compare_at_ = base::Instant::never();
    std::set<crypto::NodeId> compared_;  ///< Whose answer to our Digest may bring news.
    std::optional<CatchUp> catch_up_;
};

}  // namespace qe::node
