// SPDX-License-Identifier: Apache-2.0
//
// Colluders: nodes of a swarm that keep their place in it as honest ones do, but answer every
// search with one another, nearest to the target first, store nothing and hand out nothing.
//
// With forged ids they name one another under ids made up to share some leading bits with the
// target, and answer under those to whoever was told so.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "dht/message_writer.h"
#include "swarm.h"

namespace qe::bench {

class Colluders {
  public:
    /// `forged_bits`: that a forged id shares with the target; 0: they do not forge.
    Colluders(testing::Swarm& swarm, unsigned forged_bits)
        : swarm_(swarm), forged_bits_(forged_bits) {}

    void add(std::size_t node) {
        nodes_.push_back(node);
        set_.insert(node);
    }
    [[nodiscard]] bool contains(std::size_t node) const { return set_.contains(node); }

    /// For Swarm::intercept: answers queries to colluders.
    bool handle(std::size_t node, const net::SocketAddress& from, base::ByteView bytes);

  private:
    [[nodiscard]] std::vector<dht::Contact> accomplices(const dht::NodeId& target,
                                                        const net::SocketAddress& asker);
    [[nodiscard]] dht::NodeId forged(const dht::NodeId& target, std::size_t node) const noexcept;

    testing::Swarm& swarm_;
    unsigned forged_bits_;
    std::vector<std::size_t> nodes_;
    std::unordered_set<std::size_t> set_;
    std::unordered_set<std::uint64_t> told_;  ///< Askers, and under which id they ask a colluder.
};

}  // namespace qe::bench
