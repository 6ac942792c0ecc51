// SPDX-License-Identifier: Apache-2.0
//
// Trace: why gets failed. It watches the datagrams of a swarm and remembers who was told to store
// an item and who was asked for it; it changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>

#include "colluders.h"

namespace qe::bench {

/// Means are of one item.
struct TraceFigures {
    std::size_t failed = 0;
    std::size_t stored_nowhere = 0;     ///< Of those: no honest node that still runs had the item.
    std::size_t no_holder_asked = 0;    ///< One had it, and none of them was asked.
    std::size_t nothing_came_back = 0;  ///< One was asked.
    double honest_holders = 0;
    double hostile_holders = 0;
    double asked_by_put = 0;
    double honest_asked = 0;  ///< By the get.
    double hostile_asked = 0;
};

class Trace {
  public:
    Trace(testing::Swarm& swarm, const Colluders& colluders)
        : swarm_(swarm), colluders_(colluders) {}

    /// A datagram that arrives at a node.
    void observe(std::size_t node, base::ByteView bytes);
    /// From now on items are got; what was asked before was asked by those who put.
    void begin_gets();
    /// The get of an item is over.
    void count(const dht::NodeId& target, bool found);

    [[nodiscard]] TraceFigures figures() const;

  private:
    struct Trail {
        std::unordered_set<std::size_t> holders;
        std::unordered_set<std::size_t> asked;
        std::size_t asked_by_put = 0;
    };

    testing::Swarm& swarm_;
    const Colluders& colluders_;
    std::unordered_map<dht::NodeId, Trail> trails_;
    TraceFigures sums_;
    std::size_t counted_ = 0;
};

}  // namespace qe::bench
