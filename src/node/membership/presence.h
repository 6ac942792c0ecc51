// SPDX-License-Identifier: Apache-2.0
//
// Presence: what this node says of itself in its network: the overlay IPv4 address it claims, and
// the signed record that tells the others where it is. A new address avoids what the host has
// itself; one that is claimed already stays, so that a laptop keeps it in whatever network it
// visits.
#pragma once

#include <optional>
#include <vector>

#include "node/membership/host_conflicts.h"
#include "node/membership/own_network.h"
#include "node/node_state.h"

namespace qe::node {

class Presence {
  public:
    Presence(NodeState& state, OwnNetwork& network) : state_(state), network_(network) {}

    /// Another network, or none: takes up what our record of earlier says.
    void begin();
    /// The host's networks have changed: looks for what overlaps ours, and says so.
    void handle_host_change();
    /// Chooses the address anew, and makes a new record if it would say something else, or half of
    /// the life of the last one is over.
    void update(base::Instant now);
    [[nodiscard]] const std::optional<net::IpAddress>& address() const noexcept { return address_; }
    [[nodiscard]] base::Instant next_deadline() const noexcept { return record_at_; }

  private:
    void choose_address();
    void update_record(base::Instant now, const network::Member& self);
    [[nodiscard]] network::NodeRecord make_record(const network::Member& self) const;

    NodeState& state_;
    OwnNetwork& network_;
    std::optional<net::IpAddress> address_;
    std::vector<HostConflict> conflicts_;
    base::Instant record_at_ = base::Instant::never();
};

}  // namespace qe::node
