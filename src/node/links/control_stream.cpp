// SPDX-License-Identifier: Apache-2.0
#include "node/links/control_stream.h"

#include "node/links/message_framer.h"

namespace qe::node {

bool write_message(quic::Endpoint& endpoint, Link& link, const PeerMessage& message) {
    return write_encoded(endpoint, link, encode_peer_message(message));
}

bool write_encoded(quic::Endpoint& endpoint, Link& link, base::ByteView message) {
    if (!link.control_stream) {
        return false;
    }
    const base::Bytes framed = frame_message(message);
    return endpoint.write_stream(link.connection, *link.control_stream, framed).has_value();
}

void say_hello(const NodeState& state, Link& link) {
    if (!link.hello_sent) {
        Hello hello = state.make_hello(link.flow);
        const Peer* const peer = state.peers.get(state.peers.find(link.connection));
        hello.session = peer != nullptr && peer->session ? peer->session->id : 0;
        if (link.role == quic::Role::Client) {
            hello.supersede = link.supersedes;
            hello.dial_number = link.dial_number;
        }
        link.hello_sent = write_message(*state.endpoint, link, hello);
    }
}

}  // namespace qe::node
