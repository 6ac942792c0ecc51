// SPDX-License-Identifier: Apache-2.0
#include "node/control_stream.h"

#include "node/message_framer.h"

namespace qe::node {

bool write_message(quic::Endpoint& endpoint, Link& link, const PeerMessage& message) {
    if (!link.control_stream) {
        return false;
    }
    const base::Bytes framed = frame_message(encode_peer_message(message));
    return endpoint.write_stream(link.connection, *link.control_stream, framed).has_value();
}

void say_hello(const NodeState& state, Link& link, bool supersede) {
    if (!link.hello_sent) {
        const Hello hello = state.make_hello(link.flow.remote, supersede);
        link.hello_sent = write_message(*state.endpoint, link, hello);
    }
}

}  // namespace qe::node
