// SPDX-License-Identifier: Apache-2.0
//
// LinkKeeper: which links a session has, which of them carries packets, and when they end.
//
// A connection becomes a link when its handshake is done, carries packets once the peer has said
// Hello on it, and loses to another link by choose_link(). Silence makes a session unreachable and
// has the peer dialled again; the end of the last link ends the session after kSessionLinger.
#pragma once

#include <cstdint>
#include <string_view>

#include "node/links/dialer.h"
#include "node/node_state.h"

namespace qe::node {

struct LinkCounters {
    std::uint64_t links_established = 0;
    std::uint64_t links_lost = 0;  ///< While they carried packets.
};

class LinkKeeper {
  public:
    LinkKeeper(NodeState& state, Dialer& dialer) : state_(state), dialer_(dialer) {}

    /// A handshake is done: makes the connection a link. Null when there is no such peer any more;
    /// the connection is closed then.
    Link* handle_connected(base::Instant now, const quic::Connected& event);
    /// A link of this peer is gone.
    void handle_lost(base::Instant now, PeerHandle handle, Peer& peer, const quic::Closed& event);
    void handle_path(base::Instant now, const quic::PathChanged& event);
    /// The peer's Hello has come on the link `newcomer`: decides between it and the others.
    void settle(base::Instant now, PeerHandle handle, Peer& peer, quic::ConnectionHandle newcomer);
    /// Closes a link from our side.
    void drop(base::Instant now, PeerHandle handle, quic::ConnectionHandle connection,
              CloseCode code, std::string_view reason);
    /// Has another link carry packets if the active one is worse than it.
    void choose_active(base::Instant now, PeerHandle handle, Peer& peer);
    /// Closes all links and dials of a peer and ends its session.
    void end_session(base::Instant now, PeerHandle peer, CloseCode code, std::string_view reason);
    /// Silence, retirement and the end of sessions. Returns when to be asked again.
    [[nodiscard]] base::Instant handle_deadline(base::Instant now, PeerHandle peer);
    /// Remembers where the peer was reached.
    void learn_underlay(Peer& peer, const net::SocketAddress& address);
    [[nodiscard]] const LinkCounters& counters() const noexcept { return counters_; }

  private:
    void on_unwelcome(base::Instant now, PeerHandle handle, Peer& peer, const quic::Closed& event);
    void end_without_links(base::Instant now, PeerHandle handle, Peer& peer);
    [[nodiscard]] Link* other_heard(base::Instant now, Session& session) const;
    void on_silence(base::Instant now, PeerHandle handle, Peer& peer);
    /// The link to carry packets next; nullptr when none may.
    [[nodiscard]] static Link* best_link(Session& session) noexcept;
    void activate(base::Instant now, PeerHandle handle, Peer& peer, Link& link);
    void retire(base::Instant now, PeerHandle handle, Link& link);

    NodeState& state_;
    Dialer& dialer_;
    LinkCounters counters_;
};

}  // namespace qe::node
