// SPDX-License-Identifier: Apache-2.0
#include "node/traffic/flow_queue.h"

#include <algorithm>
#include <bit>

#include "quicether/base/assert.h"
#include "quicether/net/packet.h"

namespace qe::node {

namespace {

enum class Fate : std::uint8_t { Malformed, LeavesWhole, IsCut };

/// Whether the packet leaves as it came when it fits.
Fate fate_of(base::ByteView packet, const net::Offload& offload) noexcept {
    const bool is_super = offload.segmentation != net::Segmentation::None;
    if (!is_super && !offload.checksum_partial) {
        return Fate::LeavesWhole;
    }
    auto cutter = net::SegmentCutter::make(packet, offload);
    if (!cutter || cutter->done()) {
        return Fate::Malformed;
    }
    return is_super || !cutter->next(packet.size()).header.empty() ? Fate::IsCut
                                                                   : Fate::LeavesWhole;
}

bool is_marked(base::ByteView packet) noexcept {
    const auto facts = net::parse_packet(packet);
    return facts && facts->ecn == net::Ecn::Ce;
}

}  // namespace

FlowQueue::FlowQueue(PacketPool& pool, const FlowQueueOptions& options)
    : pool_(pool),
      options_(options),
      codel_options_{.target = options.target, .interval = options.interval},
      flows_(options.flows) {
    QE_ASSERT(std::has_single_bit(options.flows));
    QE_ASSERT(options.quantum_bytes > 0);
}

FlowQueue::~FlowQueue() { clear(); }

std::size_t FlowQueue::clear() noexcept {
    release_leaving();
    std::size_t dropped = 0;
    for (Flow& flow : flows_) {
        for (; flow.head != kNone; ++dropped) {
            pool_.release(unlink_head(flow));
        }
    }
    return dropped;
}

void FlowQueue::push(base::Instant now, const QueuedPacket& packet) {
    QE_ASSERT(packet.size > 0 && packet.size <= net::kPacketBytesMax);
    const Fate fate = fate_of(pool_.bytes(packet.slot).first(packet.size), packet.offload);
    if (fate == Fate::Malformed) {
        ++counters_.malformed;
        pool_.release(packet.slot);
        return;
    }
    const std::uint32_t index = packet.flow_hash & static_cast<std::uint32_t>(flows_.size() - 1);
    Flow& flow = flows_[index];
    const std::uint32_t node = make_node(now, packet);
    nodes_[node].leaves_whole = fate == Fate::LeavesWhole;
    (flow.head == kNone ? flow.head : nodes_[flow.tail].next) = node;
    flow.tail = node;
    flow.bytes += packet.size;
    ++flow.packets;
    bytes_ += packet.size;
    if (!flow.is_listed) {
        flow.is_listed = true;
        flow.deficit = static_cast<std::int32_t>(options_.quantum_bytes);
        append(new_, index);
    }
    while (flow.packets > 1 &&
           (flow.packets > options_.flow_packets_max || flow.bytes > options_.flow_bytes_max)) {
        drop_head(flow);
    }
    if (bytes_ > options_.bytes_max) {
        // One search is enough: the fattest flow holds no less than what was pushed just now.
        Flow& victim = *fattest();
        while (bytes_ > options_.bytes_max) {
            drop_head(victim);
        }
    }
}

std::optional<net::Segment> FlowQueue::pop(base::Instant now, std::size_t packet_bytes_max,
                                           From from) {
    release_leaving();
    std::optional<net::Segment> segment(std::in_place);  // the only one, so that none is copied
    for (;;) {
        FlowList& list = list_of(now, from);
        if (list.head == kNone) {
            segment.reset();
            return segment;
        }
        Flow& flow = flows_[list.head];
        if (flow.deficit <= 0) {
            flow.deficit += static_cast<std::int32_t>(options_.quantum_bytes);
            end_turn(list);
            continue;
        }
        if (take_segment(flow, now, packet_bytes_max, *segment)) {
            flow.deficit -= static_cast<std::int32_t>(segment->size());
            popped_ = list.head;
            is_backlogged_ = (&list == &old_ && flow.head != kNone) || flow.bytes > kBacklogBytes;
            return segment;
        }
        retire_first(list);
    }
}

bool FlowQueue::drop_fattest() noexcept {
    release_leaving();
    if (empty()) {
        return false;
    }
    drop_head(*fattest());
    return true;
}

// -- Flows in turn (RFC 8290, section 4.2) --------------------------------------------------------

/// The list whose first flow is next; an empty one when there is none.
FlowQueue::FlowList& FlowQueue::list_of(base::Instant now, From from) noexcept {
    if (from == From::AllFlows) {
        return new_.head != kNone ? new_ : old_;
    }
    // Those without a backlog let the others pass, and are first where they may go.
    const std::uint32_t first = new_.head;
    while (new_.head != kNone && !is_bulk(now, flows_[new_.head])) {
        const std::uint32_t passed = new_.head;
        remove_first(new_);
        append(new_, passed);
        if (new_.head == first) {
            break;
        }
    }
    if (new_.head != kNone && is_bulk(now, flows_[new_.head])) {
        return new_;
    }
    while (old_.head != kNone && !is_bulk(now, flows_[old_.head])) {
        const std::uint32_t passed = old_.head;
        remove_first(old_);
        if (flows_[passed].head == kNone) {
            flows_[passed].is_listed = false;
        } else {
            append(new_, passed);
        }
    }
    if (old_.head != kNone) {
        return old_;
    }
    return none_;
}

bool FlowQueue::is_bulk(base::Instant now, const Flow& flow) const noexcept {
    return flow.bytes > kBacklogBytes || now < flow.in_order_until;
}

void FlowQueue::append(FlowList& list, std::uint32_t index) noexcept {
    flows_[index].next = kNone;
    (list.head == kNone ? list.head : flows_[list.tail].next) = index;
    list.tail = index;
}

void FlowQueue::remove_first(FlowList& list) noexcept { list.head = flows_[list.head].next; }

void FlowQueue::end_turn(FlowList& list) noexcept {
    const std::uint32_t index = list.head;
    remove_first(list);
    append(old_, index);
}

/// An empty flow goes. A new one has to pass through the old ones first: else it could come back as
/// new at once and starve them.
void FlowQueue::retire_first(FlowList& list) noexcept {
    if (&list == &new_ && old_.head != kNone) {
        end_turn(list);
        return;
    }
    flows_[list.head].is_listed = false;
    remove_first(list);
}

// -- Packets of a flow ----------------------------------------------------------------------------

/// The next segment that CoDel lets go; false when the flow is empty.
bool FlowQueue::take_segment(Flow& flow, base::Instant now, std::size_t packet_bytes_max,
                             net::Segment& segment) {
    while (flow.head != kNone) {
        release_leaving();
        Node& node = nodes_[flow.head];
        if (now - node.pushed > options_.age_max) {
            pool_.release(unlink_head(flow));
            ++counters_.dropped;
            continue;
        }
        cut(flow, node, packet_bytes_max, segment);
        const bool is_lost =
            flow.codel.wants_signal(codel_options_, now, now - node.pushed, flow.bytes) &&
            !mark(flow, node);
        if (flow.is_head_marked) {
            segment.header = marked_copy(segment.header);
        }
        if (node.left == 0) {
            leaving_ = unlink_head(flow);
        }
        if (!is_lost) {
            return true;
        }
        ++counters_.dropped;
    }
    flow.codel.on_empty();
    return false;
}

void FlowQueue::cut(Flow& flow, Node& node, std::size_t packet_bytes_max, net::Segment& segment) {
    const bool is_partial = node.offload.checksum_partial;
    if (node.leaves_whole && node.left == node.size &&
        (node.size <= packet_bytes_max || !is_partial)) {
        account(flow, node, node.size);
        segment = {{}, pool_.bytes(node.slot).first(node.size), is_partial};
        return;
    }
    if (flow.cutter == kNone) {
        begin_cut(flow, node);
    }
    net::SegmentCutter& cutter = cutters_[flow.cutter];
    const std::size_t before = cutter.rest();
    segment = cutter.next(packet_bytes_max);
    account(flow, node, cutter.done() ? node.left : before - cutter.rest());
}

void FlowQueue::begin_cut(Flow& flow, const Node& node) {
    if (free_cutters_.empty()) {
        free_cutters_.push_back(static_cast<std::uint32_t>(cutters_.size()));
        cutters_.emplace_back();
        free_cutters_.reserve(cutters_.capacity());
    }
    flow.cutter = free_cutters_.back();
    free_cutters_.pop_back();
    auto cutter = net::SegmentCutter::make(pool_.bytes(node.slot).first(node.size), node.offload);
    QE_ASSERT(cutter.has_value());  // push() tried
    cutters_[flow.cutter] = *cutter;
}

/// False when only a loss can tell the sender.
bool FlowQueue::mark(Flow& flow, const Node& node) noexcept {
    const base::MutableBytes packet = pool_.bytes(node.slot).first(node.size);
    if (!net::mark_congestion(packet)) {
        return is_marked(packet);
    }
    flow.is_head_marked = true;
    ++counters_.marked;
    return true;
}

/// The header that the cutter wrote before the packet was marked, or from what it keeps of it.
base::ByteView FlowQueue::marked_copy(base::ByteView header) noexcept {
    if (header.empty()) {
        return header;
    }
    const base::MutableBytes copy = base::MutableBytes(marked_header_).first(header.size());
    std::copy(header.begin(), header.end(), copy.begin());
    net::mark_congestion(copy);
    return copy;
}

void FlowQueue::account(Flow& flow, Node& node, std::size_t bytes) noexcept {
    node.left = static_cast<std::uint16_t>(node.left - bytes);
    flow.bytes -= static_cast<std::uint32_t>(bytes);
    bytes_ -= bytes;
}

// -- Memory ---------------------------------------------------------------------------------------

std::uint32_t FlowQueue::make_node(base::Instant now, const QueuedPacket& packet) {
    if (free_node_ == kNone) {
        free_node_ = static_cast<std::uint32_t>(nodes_.size());
        nodes_.emplace_back();
    }
    const std::uint32_t index = free_node_;
    free_node_ = nodes_[index].next;
    const auto size = static_cast<std::uint16_t>(packet.size);
    nodes_[index] = {.pushed = now,
                     .slot = packet.slot,
                     .next = kNone,
                     .size = size,
                     .left = size,
                     .offload = packet.offload};
    return index;
}

/// Frees all that belongs to the packet at the head but its slot.
PacketSlot FlowQueue::unlink_head(Flow& flow) noexcept {
    const std::uint32_t index = flow.head;
    Node& node = nodes_[index];
    account(flow, node, node.left);
    flow.head = node.next;
    --flow.packets;
    node.next = free_node_;
    free_node_ = index;
    if (flow.cutter != kNone) {
        free_cutters_.push_back(flow.cutter);
        flow.cutter = kNone;
    }
    flow.is_head_marked = false;
    return node.slot;
}

void FlowQueue::release_leaving() noexcept {
    if (!leaving_.is_null()) {
        pool_.release(leaving_);
        leaving_ = {};
    }
}

/// Precondition: something waits.
FlowQueue::Flow* FlowQueue::fattest() noexcept {
    Flow* found = nullptr;
    for (const FlowList* list : {&new_, &old_}) {
        for (std::uint32_t i = list->head; i != kNone; i = flows_[i].next) {
            if (found == nullptr || flows_[i].bytes > found->bytes) {
                found = &flows_[i];
            }
        }
    }
    return found;
}

void FlowQueue::drop_head(Flow& flow) noexcept {
    ++counters_.overflowed;
    pool_.release(unlink_head(flow));
}

}  // namespace qe::node
