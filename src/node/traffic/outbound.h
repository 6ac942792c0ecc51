// SPDX-License-Identifier: Apache-2.0
//
// Outbound: IP packets on their way to peers, from the routing decision to the QUIC datagram.
//
// Each peer with traffic has a backlog: a fair queue in front of its link's congestion window.
// fill() moves from it into the endpoint what the link can send now, and only then is a
// super-packet cut, small packets are packed together, and what is too large is fragmented. The
// endpoint's own queue stays as short as one burst, so whoever waits, waits where it is fair.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "node/node_state.h"
#include "node/traffic/flow_queue.h"
#include "node/traffic/packet_pool.h"
#include "quicether/base/bytes.h"
#include "quicether/net/offload.h"
#include "quicether/net/segment_cutter.h"
#include "quicether/overlay/packer.h"

namespace qe::node {

struct OutboundCounters {
    FlowQueueCounters queues;  ///< Of all backlogs together.
    std::uint64_t pool_full = 0;
    std::uint64_t fragments_sent = 0;
    std::uint64_t refused = 0;     ///< By the endpoint, or too large even for fragments.
    std::uint64_t peer_lost = 0;   ///< Waited for a session that ended.
    std::uint64_t bytes_held = 0;  ///< Memory of what waits now. The one that also goes down.
};

class Outbound {
  public:
    /// Memory of all packets that wait.
    static constexpr std::size_t kPoolBytesMax = 32U << 20;
    /// A backlog is a few ten KiB: those without traffic are given up when there are more.
    static constexpr std::size_t kIdleBacklogsMax = 64;

    explicit Outbound(NodeState& state);

    /// Room for any one packet. A packet read into it may be passed to push(), which may keep the
    /// memory: ask again before each read.
    [[nodiscard]] base::MutableBytes read_buffer();

    /// Queues a packet that has parsed for a peer that is connected, or about to be. It is copied
    /// unless it lies at the beginning of read_buffer() and is large.
    void push(base::Instant now, PeerHandle peer, base::ByteView packet,
              const net::Offload& offload, std::uint32_t flow_hash);
    /// The same for a packet in parts.
    void push(base::Instant now, PeerHandle peer, const net::TunFrame& frame,
              std::uint32_t flow_hash);
    /// Hands to the endpoint what it can send now; to be called before each poll_transmit.
    void fill(base::Instant now);

    [[nodiscard]] OutboundCounters counters() const noexcept;

  private:
    struct Backlog {
        Backlog(PacketPool& pool, PeerHandle owner) : peer(owner), queue(pool, {}) {}
        PeerHandle peer;
        FlowQueue queue;
        bool listed = false;
    };

    [[nodiscard]] PacketSlot take_slot(std::size_t size);
    void enqueue(base::Instant now, PeerHandle peer, const QueuedPacket& packet);
    [[nodiscard]] Backlog& backlog_of(PeerHandle peer);
    void drop_idle_backlogs();

    void drain(base::Instant now, Backlog& backlog, Peer& peer);
    /// Returns the datagram bytes used up.
    std::size_t send_segment(Peer& peer, const net::Segment& segment, std::size_t limit);
    std::size_t send_packed(Peer& peer);
    std::size_t send_fragments(Peer& peer, const net::Segment& segment, std::size_t limit);
    [[nodiscard]] bool send(Peer& peer, std::span<const base::ByteView> parts);

    NodeState& state_;
    PacketPool pool_{kPoolBytesMax};
    PacketSlot reading_;  ///< Holds read_buffer().
    std::vector<std::unique_ptr<Backlog>> backlogs_;
    std::vector<Backlog*> waiting_;  ///< Those that are not empty.
    overlay::Packer packer_;
    base::Bytes whole_;       ///< A packet to be fragmented.
    FlowQueueCounters gone_;  ///< Counters of backlogs that are gone.
    OutboundCounters counters_;
};

}  // namespace qe::node
