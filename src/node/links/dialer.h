// SPDX-License-Identifier: Apache-2.0
//
// Dialer: when and where to dial a peer that is wanted and has no live link.
//
// A round tries every known address of the peer, configured ones first, kDialStagger apart, at most
// kParallelDials handshakes at once; the first that succeeds wins. A round that fails is followed
// by the next after Backoff. Any change of the network starts a fresh round at once.
#pragma once

#include <deque>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "node/node_state.h"

namespace qe::node {

inline constexpr base::Duration kDialStagger = base::milliseconds(200);
/// How long a resolved name is believed.
inline constexpr base::Duration kNameLifetime = base::seconds(60);
inline constexpr std::size_t kNamesMax = 1024;

class Dialer {
  public:
    explicit Dialer(NodeState& state) : state_(state) {}

    /// Begins a fresh round at `at`, forgetting what the back-off had reached.
    void start(base::Instant at, PeerHandle peer);
    /// Gives up handshakes whose local address has left the host.
    void abandon_void_attempts(base::Instant now, Peer& peer);
    /// Begins a handshake between these addresses; nothing when the endpoint refuses.
    std::optional<quic::ConnectionHandle> dial(base::Instant now, PeerHandle peer,
                                               const net::FlowAddresses& flow);
    /// The peer's deadline has come: dials what is due. Returns when to be asked again.
    [[nodiscard]] base::Instant handle_deadline(base::Instant now, PeerHandle peer);
    /// One handshake failed; `why` goes into the peer's last_error.
    void handle_failure(base::Instant now, PeerHandle peer, quic::ConnectionHandle connection,
                        std::string why);
    /// A handshake succeeded: takes the attempt it was out of the list, if the dial was ours.
    [[nodiscard]] std::optional<DialAttempt> take_attempt(PeerHandle peer,
                                                          quic::ConnectionHandle connection);
    /// The peer has welcomed us on some link: ends the round.
    void handle_success(PeerHandle peer);
    void handle_resolved(base::Instant now, const std::string& host,
                         std::vector<net::IpAddress> addresses);
    /// The peer itself says, signed, where it is: dials there if it is wanted and that is news.
    void learn(base::Instant now, PeerHandle peer, std::span<const net::SocketAddress> addresses);
    /// The peer was heard on a network of ours. Unproven, hence not remembered over restarts.
    void hear_nearby(base::Instant now, PeerHandle peer, const net::SocketAddress& address);
    /// Names to resolve.
    [[nodiscard]] std::optional<std::string> poll_name();

  private:
    struct Name {
        std::vector<net::IpAddress> addresses;
        base::Instant asked_at;
        bool pending = false;
    };

    [[nodiscard]] bool wanted(const Peer& peer) const;
    /// A round has failed.
    void on_failed_round(Peer& peer);
    void begin_round(base::Instant now, Peer& peer);
    void add_endpoint(base::Instant now, const config::HostPort& endpoint,
                      std::vector<net::SocketAddress>& candidates);
    /// Tries what has just been told of a peer, if it is wanted.
    void dial_news(base::Instant now, PeerHandle handle, std::vector<net::SocketAddress> news);
    void dial(base::Instant now, PeerHandle handle, Peer& peer, const net::SocketAddress& remote);

    NodeState& state_;
    std::map<std::string, Name> names_;
    std::deque<std::string> to_resolve_;
};

}  // namespace qe::node
