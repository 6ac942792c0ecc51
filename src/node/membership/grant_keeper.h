// SPDX-License-Identifier: Apache-2.0
//
// GrantKeeper: keeps NodeState::grants as the network, the guests and a joining make them.
//
// Touches only what has changed, so that a piece of news costs the same in any network.
#pragma once

#include <optional>
#include <set>

#include "node/membership/admissions.h"
#include "node/membership/joining.h"
#include "node/membership/own_network.h"
#include "node/membership/presence.h"
#include "node/node_state.h"

namespace qe::node {

class GrantKeeper {
  public:
    struct Sources {
        const OwnNetwork& network;
        const Presence& presence;
        const Admissions& admissions;
        const Joining& joining;
    };
    GrantKeeper(NodeState& state, const Sources& sources) : state_(state), sources_(sources) {}

    /// Says which grants are others now.
    [[nodiscard]] GrantChanges update(const NetworkChanges& changes);

  private:
    [[nodiscard]] std::optional<NetworkPeer> peer_of(const crypto::NodeId& id) const;
    [[nodiscard]] std::set<crypto::NodeId> everybody() const;
    void update_peer(const crypto::NodeId& id, GrantChanges& changed);
    [[nodiscard]] std::vector<net::Prefix> own_addresses() const;
    void update_trust();

    NodeState& state_;
    Sources sources_;
};

}  // namespace qe::node
