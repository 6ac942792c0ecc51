// SPDX-License-Identifier: Apache-2.0
//
// Membership: who our peers are, from configuration; at start and at each reload.
//
// Turns [[peer]] and [peers] allowed into peers, trust and configured routes. A reload adds,
// changes and removes peers without touching the sessions of the others; a removed peer's session
// is closed.
#pragma once

#include "node/dialer.h"
#include "node/node_state.h"
#include "node/session_control.h"
#include "quicether/control/messages.h"

namespace qe::node {

class Membership {
  public:
    Membership(NodeState& state, Dialer& dialer, SessionControl& control, ClaimKeeper& claims)
        : state_(state), dialer_(dialer), control_(control), claims_(claims) {}

    /// Makes peers, trust and routes what state.config says.
    void apply_config(base::Instant now);
    /// Takes the live changes of `wanted` into state.config and applies them.
    control::ReloadReply reload(base::Instant now, config::Config wanted);

  private:
    void add_or_change(base::Instant now, const config::PeerConfig& wanted);
    void remove_unlisted(base::Instant now);
    void set_trust();

    NodeState& state_;
    Dialer& dialer_;
    SessionControl& control_;
    ClaimKeeper& claims_;
};

}  // namespace qe::node
