// SPDX-License-Identifier: Apache-2.0
//
// Peer: a node we know by configuration or from our network, with whatever we hold of it, and the
// table of all peers.
//
// The table owns the peers and finds them by handle, NodeId, connection, or by what an operator
// types (name, NodeId prefix, overlay address).
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "node/links/backoff.h"
#include "node/membership/entitlement.h"
#include "node/session.h"
#include "quicether/base/slot_map.h"
#include "quicether/config/config.h"
#include "quicether/crypto/identity.h"
#include "quicether/quic/types.h"

namespace qe::node {

struct PeerTag;
using PeerHandle = base::Handle<PeerTag>;

/// A handshake under way.
struct DialAttempt {
    quic::ConnectionHandle connection;
    net::FlowAddresses flow;
    bool supersedes = false;   ///< Dialled because our older links to this peer are void.
    std::uint64_t number = 0;  ///< Counts our dials to this peer.
};

/// The state of reaching one peer. Dialer decides on it.
struct DialState {
    std::vector<DialAttempt> attempts;      ///< At most kParallelDials.
    std::vector<net::SocketAddress> round;  ///< Candidates of this round not yet tried.
    Backoff backoff;
    base::Instant next_at = base::Instant::never();
    std::uint32_t dials = 0;
};

/// A path that a session wants and has no link for. PathKeeper decides on it.
struct PathWish {
    PathPair pair;
    quic::ConnectionHandle attempt;  ///< The handshake under way, or the last one.
    base::Instant next_at;
    base::Duration pause{0};
};

/// The state of finding out where a peer is. PeerFinder decides on it.
struct SearchState {
    base::Instant next_at = base::Instant::never();
    base::Duration pause{};  ///< After the last fruitless search.
    bool running = false;
};

/// Whether a session with a member of our network is wanted. DemandKeeper decides on it.
struct Demand {
    bool kept = false;   ///< In any case.
    bool asked = false;  ///< Packets for it have come.
    bool away = false;   ///< A round of dials has failed, and nothing has been heard of it since.
    base::Instant asked_at;
    base::Instant judged_at = base::Instant::never();  ///< Idle if `packets` is the same then.
    std::uint64_t packets = 0;                         ///< In both directions.
};

struct Peer {
    crypto::NodeId id;
    std::optional<crypto::PublicKey> key;     ///< Pinned by config, or proven in a handshake.
    std::string name;                         ///< Configured; empty: the one its Hello says.
    std::vector<config::HostPort> endpoints;  ///< Configured.
    std::vector<net::SocketAddress> learnt;   ///< Newest first; at most kLearntMax.
    std::vector<net::SocketAddress> nearby;   ///< Heard by LAN discovery; one per family.
    /// What it owns is what the network says: its own claims do not count.
    bool by_network = false;
    Entitlement entitlement;
    std::vector<net::Prefix> accepted;  ///< Claims now in the routing table.
    DialState dial;
    SearchState search;
    Demand demand;  ///< Of members; configured peers are always wanted.
    std::vector<PathWish> wishes;
    std::optional<Session> session;
    base::Instant session_ends = base::Instant::never();  ///< Set while it has no link.
    std::optional<quic::Resumption> resumption;
    Traffic sent;
    Traffic received;
    std::uint32_t backlog = UINT32_MAX;  ///< Outbound's index of this peer's queue, if it has one.
    std::string hello_name;
    std::string hello_role;
    std::string last_error;  ///< Why the last dial or link ended.
    base::LogLimiter link_log;
    base::LogLimiter claim_log;
    base::LogLimiter path_log;

    [[nodiscard]] const std::string& shown_name() const noexcept {
        return name.empty() ? hello_name : name;
    }
    /// A dial under way, or a link that waits for the peer's Hello.
    [[nodiscard]] bool connecting() const noexcept {
        return !dial.attempts.empty() ||
               (session && std::any_of(session->links.begin(), session->links.end(),
                                       [](const Link& link) { return !link.hello; }));
    }
    /// There shall be a session.
    [[nodiscard]] bool is_wanted() const noexcept {
        return !by_network || demand.kept || demand.asked;
    }
    /// Packets may wait for the session that is about to be.
    [[nodiscard]] bool is_coming() const noexcept {
        return by_network && is_wanted() && !demand.away;
    }
    [[nodiscard]] bool connected() const noexcept {
        return session && !session->active.is_null() && !session->unreachable;
    }
};

inline constexpr std::size_t kLearntMax = 8;
inline constexpr std::size_t kParallelDials = 4;

/// Why a name found no peer.
enum class FindFailure : std::uint8_t { Unknown, Ambiguous };

class PeerTable {
  public:
    PeerHandle insert(Peer peer);
    void erase(PeerHandle handle);

    [[nodiscard]] Peer* get(PeerHandle handle) noexcept { return peers_.find(handle); }
    [[nodiscard]] const Peer* get(PeerHandle handle) const noexcept { return peers_.find(handle); }
    [[nodiscard]] PeerHandle find(const crypto::NodeId& id) const noexcept;
    [[nodiscard]] PeerHandle find(quic::ConnectionHandle connection) const noexcept;
    /// By name, unique NodeId prefix (>= 4 digits) or overlay address.
    [[nodiscard]] std::variant<PeerHandle, FindFailure> find(std::string_view text) const;

    /// Remembers whose connection this is, until forget().
    void bind(quic::ConnectionHandle connection, PeerHandle handle);
    void forget(quic::ConnectionHandle connection);

    /// Changes whenever a peer comes or goes.
    [[nodiscard]] std::uint64_t generation() const noexcept { return generation_; }
    [[nodiscard]] std::size_t size() const noexcept { return peers_.size(); }
    template <typename Visit>
    void for_each(Visit&& visit) {
        peers_.for_each(visit);
    }
    template <typename Visit>
    void for_each(Visit&& visit) const {
        peers_.for_each(visit);
    }
    [[nodiscard]] std::vector<PeerHandle> handles() const;

  private:
    base::SlotMap<Peer, PeerTag> peers_;
    std::unordered_map<crypto::NodeId, PeerHandle> by_id_;
    std::unordered_map<quic::ConnectionHandle, PeerHandle> by_connection_;
    std::uint64_t generation_ = 0;
};

}  // namespace qe::node
