// SPDX-License-Identifier: Apache-2.0
//
// DemandKeeper: with which members of the network there shall be a session.
//
// In a small network with all of them; in a larger one with our neighbours (neighbours.h), and
// with others while packets ask for it. Configured peers and those with whom a joining is to be
// settled are not its business: they are always wanted. A session that nobody wants is closed by
// the end that dialled it, as that one knows why, after [peers] idle_timeout without packets.
//
// Neighbours that cannot be reached are doubled by those who would be ours without them: the rest
// of the network stays in one piece while many are off. A member whose subnet another has too is
// kept as well, so that traffic moves to the other at once.
#pragma once

#include <cstdint>
#include <map>
#include <set>

#include "node/links/dialer.h"
#include "node/links/link_keeper.h"
#include "node/node_state.h"

namespace qe::node {

/// Networks of more members connect on demand, unless configured otherwise.
inline constexpr std::size_t kFullMeshMax = 32;
/// While many come, a choice is made at most this often.
inline constexpr base::Duration kChoiceInterval = base::milliseconds(100);
/// How long a member is dialled after the last packet for it.
inline constexpr base::Duration kDemandPatience = base::seconds(30);

class DemandKeeper {
  public:
    DemandKeeper(NodeState& state, Dialer& dialer, LinkKeeper& links)
        : state_(state), dialer_(dialer), links_(links) {}

    /// Chooses anew whom to keep, at next_deadline(): soon after something has changed that
    /// matters.
    void choose(base::Instant now);
    [[nodiscard]] base::Instant next_deadline() const noexcept;
    /// Ends what nobody wants any more. Returns when to be asked again.
    [[nodiscard]] base::Instant handle_deadline(base::Instant now, PeerHandle peer);

  private:
    using Members = std::map<crypto::NodeId, const Peer*>;
    [[nodiscard]] Members members() const;
    [[nodiscard]] bool connects_all(const Members& members) const;
    [[nodiscard]] std::set<crypto::NodeId> kept(const Members& members) const;
    [[nodiscard]] base::Instant judge_idle(base::Instant now, PeerHandle handle, Peer& peer);

    NodeState& state_;
    Dialer& dialer_;
    LinkKeeper& links_;
    std::uint64_t peers_seen_ = 0;   ///< Generations of the last choice.
    std::uint64_t routes_seen_ = 0;  ///< Which subnets there are.
    base::Instant chosen_at_;
};

}  // namespace qe::node
