// SPDX-License-Identifier: Apache-2.0
//
// SessionControl: from authenticated connections to sessions, and the talk on their control
// streams.
//
// It takes the endpoint's events. A connection becomes a link of its peer's session; the dialler
// opens the control stream and says Hello, the other end answers on it. When both Hellos are known
// the ends agree which of several links stays (choose_link), and the peer's claims are judged and
// put into the routing table. A peer that breaks the protocol loses that link, nothing else.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "node/claims.h"
#include "node/dialer.h"
#include "node/node_state.h"

namespace qe::node {

/// An EchoReply came back.
struct EchoArrival {
    PeerHandle peer;
    quic::ConnectionHandle connection;
    std::uint64_t nonce = 0;
};

struct ControlCounters {
    std::uint64_t strangers_refused = 0;    ///< Identity or certificate, either direction.
    std::uint64_t protocol_violations = 0;  ///< Malformed, oversized or misplaced messages.
    std::uint64_t links_established = 0;
    std::uint64_t links_lost = 0;
};

class SessionControl {
  public:
    SessionControl(NodeState& state, Dialer& dialer, ClaimKeeper& claims)
        : state_(state), dialer_(dialer), claims_(claims) {}

    void handle_event(base::Instant now, quic::Event event);
    /// Silence, retirement and the end of sessions. Returns when to be asked again.
    [[nodiscard]] base::Instant handle_deadline(base::Instant now, PeerHandle peer);
    /// Tells every peer our claims anew (after a reload).
    void announce_claims();
    /// Sends a message on the peer's active link. False when there is none.
    bool send(Peer& peer, const PeerMessage& message);
    /// Closes all links of a peer and its session.
    void end_session(base::Instant now, PeerHandle peer, CloseCode code, std::string_view reason);

    [[nodiscard]] std::optional<EchoArrival> poll_echo();
    [[nodiscard]] const ControlCounters& counters() const noexcept { return counters_; }

  private:
    void on_event(base::Instant now, const quic::Connected& event);
    void on_event(base::Instant now, quic::StreamData& event);
    void on_event(base::Instant now, const quic::PathChanged& event);
    void on_event(base::Instant now, const quic::DatagramSizeChanged& event);
    void on_event(base::Instant now, quic::ResumptionReady& event);
    void on_event(base::Instant now, const quic::Closed& event);

    void on_link_up(base::Instant now, PeerHandle handle, Peer& peer, Link& link);
    void on_link_lost(base::Instant now, PeerHandle handle, Peer& peer, const quic::Closed& event);
    void on_unwelcome(base::Instant now, PeerHandle handle, Peer& peer, const quic::Closed& event);
    void on_refused(base::Instant now, const quic::Closed& event);
    void read_messages(base::Instant now, PeerHandle handle, quic::ConnectionHandle connection);
    [[nodiscard]] bool on_message(base::Instant now, PeerHandle handle, Link& link,
                                  PeerMessage message);
    void on_hello(base::Instant now, PeerHandle handle, Peer& peer, Link& link, Hello hello);
    void settle(base::Instant now, PeerHandle handle, Peer& peer, quic::ConnectionHandle newcomer);
    void retire(base::Instant now, PeerHandle handle, Link& link);
    void activate(base::Instant now, PeerHandle handle, Peer& peer, Link& link);
    void learn_underlay(Peer& peer, const net::SocketAddress& address);
    void violation(base::Instant now, PeerHandle handle, quic::ConnectionHandle connection,
                   std::string_view what);
    void drop_link(base::Instant now, PeerHandle handle, quic::ConnectionHandle connection,
                   CloseCode code, std::string_view reason);
    void on_silence(base::Instant now, PeerHandle handle, Peer& peer);

    NodeState& state_;
    Dialer& dialer_;
    ClaimKeeper& claims_;
    std::vector<EchoArrival> echoes_;
    ControlCounters counters_;
    base::LogLimiter stranger_log_;
};

}  // namespace qe::node
