// SPDX-License-Identifier: Apache-2.0
//
// Membership: who our peers are, from configuration and from our network.
//
// Turns [[peer]], [peers] allowed and NodeState::grants into peers, trust and configured routes. A
// change adds, changes and removes peers without touching the sessions of the others; a removed
// peer's session is closed. Who is both listed and a member is treated as listed, and owns what the
// network grants besides.
#pragma once

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
    /// Takes the live changes of `wanted` into state.config and applies them.
    control::ReloadReply reload(base::Instant now, config::Config wanted);

  private:
    void add_or_change(base::Instant now, const config::PeerConfig& wanted);
    void add_or_change(base::Instant now, const NetworkPeer& wanted);
    [[nodiscard]] PeerHandle find_or_insert(const crypto::NodeId& id);
    void remove_unlisted(base::Instant now);
    void set_trust();

    NodeState& state_;
    Dialer& dialer_;
    LinkKeeper& links_;
    ClaimKeeper& claims_;
    Conversation& conversation_;
};

}  // namespace qe::node
