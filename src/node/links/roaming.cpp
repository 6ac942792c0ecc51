// SPDX-License-Identifier: Apache-2.0
#include "node/links/roaming.h"

#include <utility>

namespace qe::node {

void Roaming::handle_network(base::Instant now, NetworkView view, bool clock_jump) {
    state_.view = std::move(view);
    for (const PeerHandle handle : state_.peers.handles()) {
        Peer& peer = *state_.peers.get(handle);
        dialer_.abandon_void_attempts(now, peer);
        revisit(now, handle, peer, clock_jump);
    }
}

void Roaming::revisit(base::Instant now, PeerHandle handle, Peer& peer, bool clock_jump) {
    if (peer.session) {
        for (Link& link : peer.session->links) {
            if (!link.retired()) {
                move_link(now, handle, link);
            }
            if (clock_jump) {
                state_.endpoint->probe(now, link.connection);
            }
        }
    }
    if (!peer.connected()) {
        dialer_.start(now, handle);
    }
}

void Roaming::move_link(base::Instant now, PeerHandle handle, Link& link) {
    const auto source = choose_source(state_.view, link.flow.remote);
    const bool gone = !state_.view.has_address(link.flow.local.ip);
    if (!source || *source == link.flow.local.ip) {
        return;  // nowhere better to go: silence will tell whether the link still lives
    }
    // One of several uplinks does not move to another one's path: there is a link already, or will
    // be (PathKeeper).
    if (link.role == quic::Role::Client && link.uplink == 0) {
        net::SocketAddress local = link.flow.local;
        local.ip = *source;
        if (state_.endpoint->migrate(now, link.connection, local, gone)) {
            return;
        }
    }
    if (gone) {
        dialer_.start(now, handle);
    }
}

}  // namespace qe::node
