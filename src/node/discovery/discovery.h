// SPDX-License-Identifier: Apache-2.0
//
// Discovery: how nodes find each other. Owns the embedded DHT and LAN discovery, and joins them to
// the rest of the node: where to begin, what to publish, whom to look up, what to remember.
//
// Nothing here decides whom to trust: what it finds are addresses, which the Dialer tries and whose
// handshake proves who is there. DHT datagrams are bounded in number, so that they never hold up
// the data plane. docs/operations/discovery.md.
#pragma once

#include <deque>
#include <optional>

#include "node/discovery/bootstrap.h"
#include "node/discovery/dht_requests.h"
#include "node/discovery/lan_discovery.h"
#include "node/discovery/peer_finder.h"
#include "node/discovery/reachability.h"
#include "node/discovery/record_publisher.h"
#include "node/discovery/swarm_key.h"
#include "node/links/dialer.h"
#include "node/reply_paths.h"
#include "quicether/node/node.h"

namespace qe::node {

inline constexpr std::string_view kDhtStateName = "dht";
/// The contacts are written at most this often, and soon after the first.
inline constexpr base::Duration kDhtPersistInterval = base::seconds(60);
inline constexpr base::Duration kDhtPersistFirst = base::seconds(5);
/// A node with contacts that no stranger reaches for so long serves others no more.
inline constexpr base::Duration kUnreachableAfter = base::seconds(15 * 60);

struct DiscoveryCounters {
    std::uint64_t no_route = 0;  ///< Own DHT datagrams that had no way to go.
};

class Discovery {
  public:
    Discovery(NodeState& state, Dialer& dialer, base::Rng rng);

    /// As the configuration says. Precondition: called once, before anything else.
    void start(base::Instant now);
    /// Moves to another swarm, whose key is a secret among its members: their DHT trusts them more.
    /// Contacts of the old one are forgotten.
    void set_swarm(base::Instant now, const crypto::MacKey& key);
    /// Moves to the swarm of the configuration.
    void set_default_swarm(base::Instant now);

    // --- Input ---------------------------------------------------------------------------------
    [[nodiscard]] bool has_dht() const noexcept { return dht_.has_value(); }
    /// One datagram for which is_krpc() holds. Precondition: has_dht().
    void handle_krpc(base::Instant now, const net::FlowAddresses& flow, base::ByteView bytes);
    void handle_lan(base::Instant now, const net::SocketAddress& from, base::ByteView bytes);
    void handle_deadline(base::Instant now);
    /// From when on handle_deadline() has something to do that is not worth waking up for.
    [[nodiscard]] base::Instant ready_at() const noexcept { return lan_.ready_at(); }
    /// NodeState::view has changed.
    void handle_network(base::Instant now);
    /// What this node says of itself may have changed: NodeState::own, its name or its network.
    void handle_own_change(base::Instant now) { publisher_.handle_change(now); }
    void handle_resolved(base::Instant now, const std::string& host,
                         const std::vector<net::IpAddress>& addresses);
    void handle_stored_state(base::ByteView contents);
    /// A peer has been reached there, and may be a node of the DHT as well.
    void handle_peer(base::Instant now, const net::SocketAddress& endpoint);
    /// The reply, unless it comes from poll_reply().
    [[nodiscard]] std::optional<control::Reply> handle_request(base::Instant now, RequestId id,
                                                               const control::Request& request);
    void shutdown(base::Instant now);

    // --- Output --------------------------------------------------------------------------------
    [[nodiscard]] bool has_transmits() const noexcept { return has_transmits_; }
    [[nodiscard]] std::optional<net::TransmitDatagrams> poll_transmit(base::Instant now,
                                                                      base::MutableBytes buffer);
    [[nodiscard]] std::optional<LanDatagram> poll_lan() { return lan_.poll(); }
    [[nodiscard]] std::optional<Effect> poll_effect();
    [[nodiscard]] std::optional<ControlReply> poll_reply();
    [[nodiscard]] base::Instant next_deadline() const noexcept;

    /// Fills what the status says of discovery.
    void complete_status(base::Instant now, control::StatusReply& status) const;

  private:
    void make_dht(base::Instant now, const crypto::MacKey& key, bool is_secret);
    /// What the Dht has to tell after any input, and what follows from it.
    void settle(base::Instant now);
    void on_event(base::Instant now, const dht::Event& event);
    void on_contacts(base::Instant now, std::size_t contacts);
    [[nodiscard]] bool has_contact(base::Instant now, const net::SocketAddress& endpoint) const;
    void update_own_addresses(base::Instant now);
    void judge_reachability(base::Instant now);
    void persist(base::Instant now);
    [[nodiscard]] std::string_view state_text(base::Instant now) const;
    [[nodiscard]] control::DhtStatusReply status_report(base::Instant now) const;

    NodeState& state_;
    Dialer& dialer_;
    base::Rng rng_;
    std::optional<dht::Dht> dht_;
    crypto::MacKey swarm_;
    Bootstrap bootstrap_;
    LanDiscovery lan_;
    PeerFinder finder_;
    RecordPublisher publisher_;
    DhtRequests requests_;
    ReplyPaths reply_paths_;
    Reachability reachability_;
    DiscoveryCounters counters_;

    bool online_ = false;  ///< The network view has an address.
    bool has_transmits_ = false;
    std::size_t contacts_ = 0;
    base::Instant contacts_since_;
    base::Instant dht_deadline_ = base::Instant::never();
    std::optional<net::SocketAddress> external4_;
    std::optional<net::SocketAddress> external6_;
    bool fell_back_ = false;  ///< Read-only because nobody reaches us.
    base::Bytes restored_;    ///< State of the last run, until the network is there.
    base::Bytes persisted_;
    base::Instant persist_at_ = base::Instant::never();
    std::deque<Effect> effects_;
    std::deque<ControlReply> replies_;
};

}  // namespace qe::node
