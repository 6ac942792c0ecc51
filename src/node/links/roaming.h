// SPDX-License-Identifier: Apache-2.0
//
// Roaming: what a change of the host's network means for links and dials.
//
// A link that we dialled moves by QUIC connection migration when the best source address towards
// its peer is another than before. A link that we accepted cannot be moved by us (RFC 9000, 9): if
// its address has left the host, the peer is dialled again under the same session. Peers without a
// link are dialled at once.
#pragma once

#include "node/links/dialer.h"
#include "node/node_state.h"

namespace qe::node {

class Roaming {
  public:
    Roaming(NodeState& state, Dialer& dialer) : state_(state), dialer_(dialer) {}

    void handle_network(base::Instant now, NetworkView view, bool clock_jump);

  private:
    void revisit(base::Instant now, PeerHandle handle, Peer& peer, bool clock_jump);
    void move_link(base::Instant now, PeerHandle handle, Link& link);

    NodeState& state_;
    Dialer& dialer_;
};

}  // namespace qe::node
