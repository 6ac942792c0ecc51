// SPDX-License-Identifier: Apache-2.0
//
// Backlog: packets that wait for one peer, in a fair queue for each group of its paths.
//
// A peer with one path, or with several of much the same round trip, has one queue.
#pragma once

#include <array>
#include <cstddef>
#include <memory>

#include "node/peer.h"
#include "node/traffic/flow_queue.h"
#include "node/traffic/packet_pool.h"
#include "quicether/multipath/flow_placer.h"

namespace qe::node {

class Backlog {
  public:
    Backlog(PacketPool& pool, PeerHandle peer) : pool_(pool), peer_(peer) {}

    [[nodiscard]] PeerHandle peer() const noexcept { return peer_; }
    [[nodiscard]] FlowQueue& queue(multipath::GroupIndex group) {
        std::unique_ptr<FlowQueue>& queue = queues_[group];
        if (!queue) {
            queue = std::make_unique<FlowQueue>(pool_, FlowQueueOptions{});
        }
        return *queue;
    }
    [[nodiscard]] bool has_queue(multipath::GroupIndex group) const noexcept {
        return queues_[group] != nullptr;
    }
    [[nodiscard]] std::size_t bytes() const noexcept {
        std::size_t sum = 0;
        for (const auto& queue : queues_) {
            sum += queue ? queue->bytes() : 0;
        }
        return sum;
    }
    [[nodiscard]] bool empty() const noexcept { return bytes() == 0; }
    /// As FlowQueue's, of the queue that holds most.
    bool drop_fattest() noexcept;
    std::size_t clear() noexcept;
    /// Frees the packets whose last bytes were handed out. Precondition: nothing waits.
    void release() noexcept { clear(); }
    [[nodiscard]] FlowQueueCounters counters() const noexcept;

    bool listed = false;           ///< Outbound looks after it.
    base::Instant round_trip_due;  ///< When the first queue is told its path's again.

  private:
    PacketPool& pool_;
    PeerHandle peer_;
    std::array<std::unique_ptr<FlowQueue>, multipath::kGroupsMax> queues_;
};

}  // namespace qe::node
