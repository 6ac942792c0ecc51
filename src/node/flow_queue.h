// SPDX-License-Identifier: Apache-2.0
//
// FlowQueue: packets that wait for one peer's congestion window, fairly and not for long.
//
// Deficit round robin over flows with priority for sparse ones, CoDel inside each flow: RFC 8290
// (FQ-CoDel) over RFC 8289, with three differences that a tunnel asks for. A super-packet counts by
// segments: it is cut while it leaves, so a flow's turn ends in its middle. When CoDel wants a
// loss, one segment of a super-packet goes, not all of it. A packet that is ECN capable is marked
// Congestion Experienced instead (RFC 3168), a super-packet with all its segments.
// When the pool is full, the flow that holds most loses the packet at its head.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "node/packet_pool.h"
#include "quicether/base/bytes.h"
#include "quicether/base/time.h"
#include "quicether/net/offload.h"
#include "quicether/net/segment_cutter.h"

namespace qe::node {

struct FlowQueueOptions {
    std::size_t bytes_max = 4U << 20;  ///< Packet bytes that may wait.
    std::size_t flows = 256;           ///< Hash buckets; a power of two.
    base::Duration target = base::milliseconds(5);
    base::Duration interval = base::milliseconds(100);
    std::size_t quantum_bytes = 1500;  ///< What a flow may send in its turn.
};

struct FlowQueueCounters {
    std::uint64_t marked = 0;      ///< Packets that got Congestion Experienced.
    std::uint64_t dropped = 0;     ///< By CoDel.
    std::uint64_t overflowed = 0;  ///< For want of room.
};

/// A packet to put in the queue. Its bytes lie in `slot`, from the beginning.
struct QueuedPacket {
    PacketSlot slot;
    std::uint32_t size = 0;
    net::Offload offload;
    std::uint32_t flow_hash = 0;
};

class FlowQueue {
  public:
    /// `pool` outlives the queue and owns the slots.
    FlowQueue(PacketPool& pool, const FlowQueueOptions& options);
    ~FlowQueue();  ///< Releases what still waits.
    FlowQueue(const FlowQueue&) = delete;
    FlowQueue& operator=(const FlowQueue&) = delete;

    /// Takes the packet and its slot over. It must have parsed. When `bytes_max` is exceeded, the
    /// fattest flow loses packets from its head until it is not.
    void push(base::Instant now, const QueuedPacket& packet);
    /// The next packet to leave, cut to `packet_bytes_max` where it can be cut; its views are valid
    /// until the next call. Nothing when the queue is empty (CoDel may have emptied it just now).
    [[nodiscard]] std::optional<net::Segment> pop(base::Instant now, std::size_t packet_bytes_max);
    /// Drops the packet at the head of the flow that holds most, to make room in the pool. False:
    /// nothing waits here.
    bool drop_fattest() noexcept;

    [[nodiscard]] bool empty() const noexcept { return bytes_ == 0; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }  ///< That wait.
    [[nodiscard]] const FlowQueueCounters& counters() const noexcept { return counters_; }

  private:
    PacketPool& pool_;
    FlowQueueOptions options_;
    std::size_t bytes_ = 0;
    FlowQueueCounters counters_;
    // The rest is the implementer's.
};

}  // namespace qe::node
