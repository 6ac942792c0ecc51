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

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "node/traffic/codel.h"
#include "node/traffic/packet_pool.h"
#include "quicether/base/bytes.h"
#include "quicether/base/time.h"
#include "quicether/net/offload.h"
#include "quicether/net/segment_cutter.h"

namespace qe::node {

struct FlowQueueOptions {
    std::size_t bytes_max = 16U << 20;  ///< Packet bytes that may wait.
    /// What one flow may hold; beyond, its oldest packets go. CoDel is slow with a flow that does
    /// not listen, whose packets would arrive long after their time.
    std::size_t flow_bytes_max = 4U << 20;
    std::uint32_t flow_packets_max = 4096;
    std::size_t flows = 256;  ///< Hash buckets; a power of two.
    base::Duration target = base::milliseconds(5);
    base::Duration interval = base::milliseconds(100);
    /// Packets that waited longer go: after a path was dead for a while nobody waits for them.
    base::Duration age_max = base::seconds(2);
    std::size_t quantum_bytes = 1500;  ///< What a flow may send in its turn.
};

struct FlowQueueCounters {
    std::uint64_t marked = 0;      ///< Packets that got Congestion Experienced.
    std::uint64_t dropped = 0;     ///< Segments and packets lost by CoDel, or too old.
    std::uint64_t overflowed = 0;  ///< Packets lost for want of room, or what was left of them.
    std::uint64_t malformed = 0;   ///< Packets whose offload contradicts their headers.

    FlowQueueCounters& operator+=(const FlowQueueCounters& more) noexcept {
        marked += more.marked;
        dropped += more.dropped;
        overflowed += more.overflowed;
        malformed += more.malformed;
        return *this;
    }
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
    /// Whose packets pop() gives: those of all flows, or of those only that have a backlog or are
    /// kept in order.
    enum class From : std::uint8_t { AllFlows, BulkFlows };

    /// `pool` outlives the queue and owns the slots.
    FlowQueue(PacketPool& pool, const FlowQueueOptions& options);
    ~FlowQueue();  ///< Releases what still waits.
    FlowQueue(const FlowQueue&) = delete;
    FlowQueue& operator=(const FlowQueue&) = delete;

    /// Takes the packet and its slot over. It must have parsed (net::parse_packet). When
    /// `bytes_max` is exceeded, the fattest flow loses packets from its head until it is not.
    void push(base::Instant now, const QueuedPacket& packet);
    /// The next packet to leave, cut to `packet_bytes_max` where it can be cut; its views are valid
    /// until the next call. Nothing when the queue is empty (CoDel may have emptied it just now),
    /// or holds nothing of `from`.
    [[nodiscard]] std::optional<net::Segment> pop(base::Instant now, std::size_t packet_bytes_max,
                                                  From from = From::AllFlows);
    /// Drops the packet at the head of the flow that holds most, to make room in the pool. False:
    /// nothing waits here.
    bool drop_fattest() noexcept;
    /// Drops everything; the owner counts it. Returns how many packets.
    std::size_t clear() noexcept;

    /// What a flow may send in turns from now on. A sparse flow goes first whatever it is, so it
    /// may be a whole burst where a burst takes no time: the far end can merge one flow's packets
    /// only.
    void set_quantum(std::size_t bytes) noexcept { options_.quantum_bytes = bytes; }
    /// The round trip of the paths behind the queue: how long packets may wait before their senders
    /// are told follows it (RFC 8289, section 4.3), but is not less than at first.
    void set_round_trip(base::Duration rtt, base::Duration target_min = {}) noexcept {
        codel_options_.interval = std::max(options_.interval, rtt + rtt / 2);
        codel_options_.target =
            std::max({options_.target, codel_options_.interval / 20, target_min});
    }
    /// The flow whose segment pop() gave last, by its hash.
    [[nodiscard]] std::uint32_t popped() const noexcept { return popped_; }
    /// Whether the flow whose segment pop() gave last sends more than its turn takes.
    [[nodiscard]] bool is_backlogged() const noexcept { return is_backlogged_; }
    /// Whether that flow is one to keep in order at `now`, as keep_in_order() said of it: a flow
    /// that went over several paths would overtake itself if it changed its lane at once.
    [[nodiscard]] bool is_in_order(base::Instant now) const noexcept {
        return now < flows_[popped_].in_order_until;
    }
    void keep_in_order(base::Instant until) noexcept { flows_[popped_].in_order_until = until; }
    [[nodiscard]] bool empty() const noexcept { return bytes_ == 0; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }  ///< That wait.
    [[nodiscard]] const FlowQueueCounters& counters() const noexcept { return counters_; }

  private:
    static constexpr std::uint32_t kNone = UINT32_MAX;
    static constexpr std::size_t kHeaderBytesMax = 128;  ///< IPv4 and TCP need 60 + 60.
    static constexpr std::uint32_t kBacklogBytes = 8U << 10;

    /// A packet that waits; linked by index into its flow, or into the free ones.
    struct Node {
        base::Instant pushed;
        PacketSlot slot;
        std::uint32_t next = kNone;
        std::uint16_t size = 0;
        std::uint16_t left = 0;  ///< Bytes not handed out; the header counts until the last are.
        net::Offload offload;
        bool leaves_whole = false;  ///< Nothing but its size may ask for a cutter.
    };
    struct Flow {
        Codel codel;
        std::uint32_t head = kNone;
        std::uint32_t tail = kNone;
        std::uint32_t next = kNone;  ///< Flow after this one in its list.
        std::uint32_t bytes = 0;     ///< That wait.
        std::uint32_t packets = 0;   ///< Likewise; a super-packet is one.
        std::int32_t deficit = 0;  ///< Bytes it may still send in this turn; a debt when negative.
        std::uint32_t cutter = kNone;  ///< Of the packet at the head, when it is being cut.
        base::Instant in_order_until;
        bool is_listed = false;
        bool is_head_marked = false;  ///< Congestion Experienced, since it is being cut.
    };
    struct FlowList {
        std::uint32_t head = kNone;
        std::uint32_t tail = kNone;
    };

    std::uint32_t make_node(base::Instant now, const QueuedPacket& packet);
    void append(FlowList& list, std::uint32_t index) noexcept;
    void remove_first(FlowList& list) noexcept;
    void end_turn(FlowList& list) noexcept;
    void retire_first(FlowList& list) noexcept;
    [[nodiscard]] FlowList& list_of(base::Instant now, From from) noexcept;
    [[nodiscard]] bool is_bulk(base::Instant now, const Flow& flow) const noexcept;

    bool take_segment(Flow& flow, base::Instant now, std::size_t packet_bytes_max,
                      net::Segment& segment);
    void cut(Flow& flow, Node& node, std::size_t packet_bytes_max, net::Segment& segment);
    void begin_cut(Flow& flow, const Node& node);
    bool mark(Flow& flow, const Node& node) noexcept;
    base::ByteView marked_copy(base::ByteView header) noexcept;
    void account(Flow& flow, Node& node, std::size_t bytes) noexcept;

    PacketSlot unlink_head(Flow& flow) noexcept;
    void release_leaving() noexcept;
    Flow* fattest() noexcept;
    void drop_head(Flow& flow) noexcept;

    PacketPool& pool_;
    FlowQueueOptions options_;
    CodelOptions codel_options_;
    std::size_t bytes_ = 0;
    FlowQueueCounters counters_;

    std::vector<Flow> flows_;  ///< By hash.
    FlowList new_;             ///< Flows that have not had a whole turn since they were empty.
    FlowList old_;
    FlowList none_;  ///< Always empty.
    std::vector<Node> nodes_;
    std::uint32_t free_node_ = kNone;
    std::vector<net::SegmentCutter> cutters_;
    std::vector<std::uint32_t> free_cutters_;
    std::uint32_t popped_ = 0;  ///< The flow of the segment that pop() gave last.
    bool is_backlogged_ = false;
    PacketSlot leaving_;  ///< All of it was handed out, but views of it may still be in use.
    std::array<std::byte, kHeaderBytesMax> marked_header_{};
};

}  // namespace qe::node
