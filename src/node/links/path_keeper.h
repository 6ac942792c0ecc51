// SPDX-License-Identifier: Apache-2.0
//
// PathKeeper: the paths of sessions whose ends use several uplinks.
//
// The end that dialled the active link plans: each uplink of either end shall be on one path at
// least. What is missing is dialled, with a pause after each failure; what fails is dialled anew
// while the old link is still probed, whichever answers first. Each usable link has a monitor that
// is fed here; when the active one is no longer the best, another one becomes active.
// docs/protocol/multipath.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "node/links/dialer.h"
#include "node/links/link_keeper.h"
#include "node/node_state.h"

namespace qe::node {

/// Between two dials of the same pair of uplinks.
inline constexpr base::Duration kPathPauseFirst = base::milliseconds(500);
inline constexpr base::Duration kPathPauseMax = base::seconds(10);

/// The pairs that a session of these uplinks wants besides those it has: until each uplink of
/// either end is on a path. Neither list is empty.
[[nodiscard]] std::vector<PathPair> missing_paths(std::span<const std::uint32_t> ours,
                                                  std::span<const std::uint32_t> theirs,
                                                  std::span<const PathPair> existing);

class PathKeeper {
  public:
    PathKeeper(NodeState& state, Dialer& dialer, LinkKeeper& links)
        : state_(state), dialer_(dialer), links_(links) {}

    /// The host's interfaces have changed: paths over those that went have failed.
    void handle_network(base::Instant now);
    /// The peer says where it can be reached now: paths to uplinks that it no longer names have
    /// failed, those to uplinks that are named again may work.
    void handle_addresses(base::Instant now, PeerHandle handle, Peer& peer,
                          const AddressUpdate& update);
    /// Feeds the monitors of all sessions with several paths; after each batch of datagrams.
    void observe(base::Instant now);
    /// Probes, plans and dials what is due. Returns when to be asked again.
    [[nodiscard]] base::Instant handle_deadline(base::Instant now, PeerHandle peer);

  private:
    void plan(base::Instant now, Peer& peer);
    void dial_due(base::Instant now, PeerHandle handle, Peer& peer);
    bool dial(base::Instant now, PeerHandle handle, Peer& peer, PathWish& wish);
    void observe(base::Instant now, PeerHandle handle, Peer& peer);
    /// A monitor's verdict on a link has changed.
    void on_verdict(base::Instant now, PeerHandle handle, Peer& peer, const Link& link);

    NodeState& state_;
    Dialer& dialer_;
    LinkKeeper& links_;
    std::vector<PeerHandle> several_;  ///< Peers whose sessions had several links at last look.
};

}  // namespace qe::node
