// SPDX-License-Identifier: Apache-2.0
//
// Membership: who our peers are, from configuration and from our network.
//
// Turns [[peer]], [peers] allowed and NodeState::grants into peers, trust and configured routes. A
// change adds, changes and removes peers without touching the sessions of the others; a removed
// peer's session is closed. Who is both listed and a member is treated as listed. What the network
// grants is applied piece by piece: one member's news costs the same in any network.
#pragma once

#include <cstdint>
#include <set>

#include "node/claims.h"
#include "node/links/conversation.h"
#include "node/links/dialer.h"
#include "node/links/link_keeper.h"
#include "node/node_state.h"
#include "quicether/control/messages.h"

namespace qe::node {

class Membership {
  public:
    Membership(NodeState& state, Dialer& dialer, LinkKeeper& links, ClaimKeeper& claims,
               Conversation& conversation)
        : state_(state),
          dialer_(dialer),
          links_(links),
          claims_(claims),
          conversation_(conversation) {}

    /// Makes peers, trust and routes what state.config and state.grants say.
    void apply(base::Instant now);
    /// The same when only these grants have changed.
    void apply(base::Instant now, const GrantChanges& changes);
    /// Takes the live changes of `wanted` into state.config and applies them.
    control::ReloadReply reload(base::Instant now, config::Config wanted);

    /// How often a peer was added, changed or removed, since the start.
    [[nodiscard]] std::uint64_t peers_applied() const noexcept { return peers_applied_; }

  private:
    void apply_own();
    void apply_listed(base::Instant now);
    void apply_granted(base::Instant now, const crypto::NodeId& id);
    void add_or_change(base::Instant now, const config::PeerConfig& wanted);
    void add_or_change(base::Instant now, const NetworkPeer& wanted);
    [[nodiscard]] PeerHandle find_or_insert(const crypto::NodeId& id);
    void remove(base::Instant now, PeerHandle handle);
    void remove_unlisted(base::Instant now);
    void set_trust();

    NodeState& state_;
    Dialer& dialer_;
    LinkKeeper& links_;
    ClaimKeeper& claims_;
    Conversation& conversation_;
    std::set<crypto::NodeId> listed_;  ///< In the configuration.
    std::uint64_t peers_applied_ = 0;
};

}  // namespace qe::node
