// SPDX-License-Identifier: Apache-2.0
//
// Writing on the control stream of a link.
#pragma once

#include "node/links/peer_message.h"
#include "node/node_state.h"
#include "node/session.h"

namespace qe::node {

/// Queues one message. False when the link has no control stream or its queue is full.
bool write_message(quic::Endpoint& endpoint, Link& link, const PeerMessage& message);

/// The same for a message that is encoded already.
bool write_encoded(quic::Endpoint& endpoint, Link& link, base::ByteView message);

/// Says Hello, once for each link.
void say_hello(const NodeState& state, Link& link);

}  // namespace qe::node
