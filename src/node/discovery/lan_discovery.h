// SPDX-License-Identifier: Apache-2.0
//
// LanDiscovery: says on every local network that this node is there, and hears others say so.
//
// After the start and each change of the network it speaks at once and after 1, 2, 4 … seconds, up
// to once a minute; each time one datagram per interface and family. A pause may last a quarter
// longer: an idle node speaks when something else has woken it, which spares a wake of its own. It
// never answers, so nobody can be flooded with it. What it hears is a hint: identity is proven by
// the handshake.
#pragma once

#include <deque>
#include <optional>

#include "node/discovery/lan_message.h"
#include "node/node_state.h"
#include "node/token_bucket.h"
#include "quicether/node/lan.h"

namespace qe::node {

inline constexpr base::Duration kLanPauseFirst = base::seconds(1);
inline constexpr base::Duration kLanPauseMax = base::seconds(60);
/// How long somebody who was heard counts as a neighbour.
inline constexpr base::Duration kLanNeighbourLifetime = base::seconds(200);
inline constexpr std::size_t kLanNeighboursMax = 64;

struct LanCounters {
    std::uint64_t sent = 0;
    std::uint64_t heard = 0;
    std::uint64_t refused = 0;  ///< Malformed, of another swarm, or too many.
};

/// Somebody who was heard.
struct LanNeighbour {
    crypto::NodeId id;
    net::SocketAddress endpoint;
    base::Instant heard_at;
};

class LanDiscovery {
  public:
    explicit LanDiscovery(NodeState& state) : state_(state) {}

    void set_key(const crypto::MacKey& key) { key_ = key; }
    /// The network is there, or has changed: speak up soon.
    void begin_anew(base::Instant now);
    void stop() { ready_at_ = next_at_ = base::Instant::never(); }
    /// Speaks if ready_at() has come.
    void handle_deadline(base::Instant now);
    /// Somebody else's message: who that is and where.
    [[nodiscard]] std::optional<LanNeighbour> handle_datagram(base::Instant now,
                                                              const net::SocketAddress& from,
                                                              base::ByteView bytes);
    [[nodiscard]] std::optional<LanDatagram> poll();
    /// From when on it speaks when the node is awake.
    [[nodiscard]] base::Instant ready_at() const noexcept { return ready_at_; }
    /// When it speaks at the latest.
    [[nodiscard]] base::Instant next_deadline() const noexcept { return next_at_; }

    [[nodiscard]] std::size_t neighbours(base::Instant now) const noexcept;
    [[nodiscard]] const LanCounters& counters() const noexcept { return counters_; }

  private:
    void speak(const Interface& interface, net::Family family);
    void note(const LanNeighbour& neighbour);

    NodeState& state_;
    crypto::MacKey key_;
    base::Instant ready_at_ = base::Instant::never();
    base::Instant next_at_ = base::Instant::never();
    base::Duration pause_ = kLanPauseFirst;
    TokenBucket budget_{20, 40};
    std::deque<LanDatagram> outbox_;
    std::vector<LanNeighbour> neighbours_;
    LanCounters counters_;
};

}  // namespace qe::node
