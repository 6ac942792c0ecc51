// SPDX-License-Identifier: Apache-2.0
//
// Outbound: IP packets on their way to peers, from the routing decision to the QUIC datagram.
//
// Each peer with traffic has a backlog: a fair queue in front of its link's congestion window.
// fill() moves from it into the endpoint what the link can send now, and only then is a
// super-packet cut, small packets are packed together, and what is too large is fragmented. The
// endpoint's own queue stays as short as one burst, so whoever waits, waits where it is fair.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "node/node_state.h"
#include "node/traffic/backlog.h"
#include "node/traffic/flow_queue.h"
#include "node/traffic/packet_pool.h"
#include "node/traffic/rate_cap.h"
#include "quicether/base/bytes.h"
#include "quicether/multipath/scheduler.h"
#include "quicether/multipath/sequence.h"
#include "quicether/net/offload.h"
#include "quicether/net/segment_cutter.h"
#include "quicether/overlay/datagram.h"
#include "quicether/overlay/packer.h"

namespace qe::node {

struct PathViews;

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
    /// Datagrams of this peer's bond are to be sent again.
    void wake(PeerHandle peer);

    [[nodiscard]] OutboundCounters counters() const noexcept;

  private:
    static constexpr std::size_t kQuantumMin = 1500;
    static constexpr std::size_t kQuantumMax = 64U << 10;

    [[nodiscard]] PacketSlot take_slot(std::size_t size);
    void enqueue(base::Instant now, PeerHandle peer, const QueuedPacket& packet);
    [[nodiscard]] Backlog& backlog_of(PeerHandle peer);
    void drop_idle_backlogs();

    /// Where the next datagrams go. Without paths: by the active link, unnumbered.
    struct Departure {
        multipath::PathSet paths = 0;
        multipath::Lane lane = multipath::kLooseLane;
        friend bool operator==(const Departure&, const Departure&) = default;
    };

    void drain_link(base::Instant now, Backlog& backlog, Peer& peer);
    /// Datagram bytes that the link takes now: its congestion window's room, but no more than the
    /// limit of its uplink allows.
    [[nodiscard]] std::size_t room_of(const Link& link);
    void charge(const Link& link, std::size_t bytes);
    /// Comes back to this peer when a limit lets packets go again.
    void await_limits(PeerHandle handle, const Session& session);
    [[nodiscard]] RateCap* cap_of(const Link& link);

    // Several paths: outbound_bond.cpp.
    [[nodiscard]] PathViews views_of(Session& session);
    void drain_bond(base::Instant now, Backlog& backlog, Peer& peer);
    void send_repairs(Peer& peer, PathViews& views);
    void drain_group(base::Instant now, Backlog& backlog, Peer& peer, multipath::GroupIndex group,
                     const PathViews& views);
    /// What the scheduler granted; returns the datagram bytes used up.
    std::size_t fill_grant(base::Instant now, FlowQueue& queue, Peer& peer,
                           multipath::GroupIndex group, const multipath::Grant& grant);
    static void note_bulk(base::Instant now, const FlowQueue& queue, Bond& bond,
                          multipath::GroupIndex group, std::size_t bytes);
    [[nodiscard]] bool copies_may_wait(const Link& link);
    /// Whether it goes by all paths, for its class of traffic.
    [[nodiscard]] bool is_redundant(const net::Segment& segment) const noexcept;
    /// A flow's turn is one burst, whose size follows the path's rate (RFC 9002, 7.7).
    [[nodiscard]] static std::size_t quantum_of(std::size_t room) noexcept {
        return std::clamp(room, kQuantumMin, kQuantumMax);
    }
    [[nodiscard]] bool send_numbered(Peer& peer, overlay::DatagramHeader header,
                                     std::span<const base::ByteView> payload);
    [[nodiscard]] bool send_copy(Bond& bond, const Link& link,
                                 std::span<const base::ByteView> parts, bool keeps);

    /// Packs or sends one segment; returns the datagram bytes that left, which may be none yet.
    std::size_t put(Peer& peer, const net::Segment& segment, std::size_t limit);
    std::size_t send_segment(Peer& peer, const net::Segment& segment, std::size_t limit);
    std::size_t send_packed(Peer& peer);
    std::size_t send_fragments(Peer& peer, const net::Segment& segment, std::size_t limit);
    /// A header and what follows it.
    [[nodiscard]] bool send(Peer& peer, overlay::DatagramHeader header,
                            std::span<const base::ByteView> payload);

    NodeState& state_;
    PacketPool pool_{kPoolBytesMax};
    PacketSlot reading_;  ///< Holds read_buffer().
    std::vector<std::unique_ptr<Backlog>> backlogs_;
    std::vector<Backlog*> waiting_;          ///< Those that are not empty.
    std::map<std::uint32_t, RateCap> caps_;  ///< Of uplinks that have one.
    overlay::Packer packer_;
    std::uint64_t redundant_classes_ = 0;  ///< A bit for each DSCP.
    multipath::PathSet everywhere_ = 0;    ///< Paths of the bond under way that have room.
    Departure departure_;
    base::Instant now_;       ///< Of the fill() under way.
    base::Bytes whole_;       ///< A packet to be fragmented.
    FlowQueueCounters gone_;  ///< Counters of backlogs that are gone.
    OutboundCounters counters_;
};

}  // namespace qe::node
