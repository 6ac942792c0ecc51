// SPDX-License-Identifier: Apache-2.0
//
// Conversation: what is said on the control streams of links.
//
// The dialler opens the stream and says Hello, the other end answers on it; then claims and echoes
// flow both ways. A peer that breaks the protocol loses that link, nothing else.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "node/claims.h"
#include "node/links/dialer.h"
#include "node/links/link_keeper.h"
#include "node/links/path_keeper.h"
#include "node/node_state.h"

namespace qe::node {

/// An EchoReply came back.
struct EchoArrival {
    PeerHandle peer;
    quic::ConnectionHandle connection;
    std::uint64_t nonce = 0;
};

/// A message about the network we may share with the peer, as it came.
struct NetworkArrival {
    PeerHandle peer;
    base::Bytes bytes;
};

class Conversation {
  public:
    Conversation(NodeState& state, Dialer& dialer, LinkKeeper& links, PathKeeper& paths,
                 ClaimKeeper& claims)
        : state_(state), dialer_(dialer), links_(links), paths_(paths), claims_(claims) {}

    /// Opens the control stream of a link that we dialled, and says Hello.
    void begin(Link& link);
    void handle_stream(base::Instant now, const quic::StreamData& event);
    /// Sends a message on the peer's active link. False when there is none.
    bool send(Peer& peer, const PeerMessage& message);
    /// The same for a message that is encoded already.
    bool send_encoded(Peer& peer, base::ByteView message);
    /// Tells every peer our claims anew (after a reload).
    void announce_claims();
    /// Tells every peer where this node may be reached, if that has changed.
    void handle_network();
    [[nodiscard]] std::optional<EchoArrival> poll_echo();
    /// Peers that have said Hello, each time on a link that now carries packets.
    [[nodiscard]] std::optional<PeerHandle> poll_greeting();
    [[nodiscard]] std::optional<NetworkArrival> poll_network_message();
    /// Malformed, oversized or misplaced messages since the start.
    [[nodiscard]] std::uint64_t violations() const noexcept { return violations_; }

  private:
    void read_messages(base::Instant now, PeerHandle handle, quic::ConnectionHandle connection);
    [[nodiscard]] bool on_message(base::Instant now, PeerHandle handle, Link& link,
                                  PeerMessage message);
    void on_hello(base::Instant now, PeerHandle handle, Peer& peer, Link& link, Hello hello);
    void learn(Peer& peer, std::span<const net::SocketAddress> addresses);
    void violation(base::Instant now, PeerHandle handle, quic::ConnectionHandle connection,
                   std::string_view what);

    NodeState& state_;
    Dialer& dialer_;
    LinkKeeper& links_;
    PathKeeper& paths_;
    ClaimKeeper& claims_;
    AddressUpdate announced_;
    std::vector<EchoArrival> echoes_;
    std::deque<PeerHandle> greetings_;
    std::deque<NetworkArrival> network_messages_;
    std::uint64_t violations_ = 0;
};

}  // namespace qe::node
