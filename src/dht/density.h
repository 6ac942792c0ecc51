// SPDX-License-Identifier: Apache-2.0
//
// Density: how many nodes are to be expected near a target, hence which ids are made up.
//
// Ids of honest nodes are spread evenly, so the distance of a node's own neighbours tells how many
// nodes there are. Whoever chooses ids lies nearer to a target than chance allows; whoever names
// only his friends leaves gaps. Both show without knowing who lies (Castro et al., "Secure routing
// for structured peer-to-peer overlay networks", 2002, section 5). A value; unknown by default, and
// then everything is plausible.
#pragma once

#include <cstddef>

#include "quicether/dht/contact.h"

namespace qe::dht {

/// The share of the key space that is nearer to `target` than `id`: 0 … 1, of the 64 leading bits.
[[nodiscard]] double share_within(const NodeId& target, const NodeId& id) noexcept;

class Density {
  public:
    Density() = default;
    /// Of a swarm of about so many nodes; 0: unknown.
    explicit Density(double nodes) noexcept : nodes_(nodes) {}

    [[nodiscard]] bool is_known() const noexcept { return nodes_ > 0; }
    [[nodiscard]] double nodes() const noexcept { return nodes_; }

    /// How many nodes may lie within a share before some of them must be made up.
    [[nodiscard]] double plausible_max(double share) const noexcept;
    /// Whether nodes must be missing when the `count`-th nearest is so far away.
    [[nodiscard]] bool is_thin(std::size_t count, double share) const noexcept;

  private:
    double nodes_ = 0;
};

}  // namespace qe::dht
