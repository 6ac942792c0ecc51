// SPDX-License-Identifier: Apache-2.0
#include "node/traffic/outbound.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "quicether/net/checksum.h"
#include "quicether/net/packet.h"
#include "quicether/overlay/datagram.h"

namespace qe::node {
namespace {

/// A packet above this takes the buffer it was read into; below, copying is cheaper than memory.
constexpr std::size_t kAdoptAbove = PacketPool::kSlotBytes[1];

/// A flow's turn is one burst, whose size follows the path's rate (RFC 9002, 7.7).
constexpr std::size_t kQuantumMin = 1500;
constexpr std::size_t kQuantumMax = 64U << 10;

void add(FlowQueueCounters& sum, const FlowQueueCounters& more) noexcept {
    sum.marked += more.marked;
    sum.dropped += more.dropped;
    sum.overflowed += more.overflowed;
    sum.malformed += more.malformed;
}

}  // namespace

Outbound::Outbound(NodeState& state) : state_(state), reading_(pool_.take(net::kPacketBytesMax)) {}

base::MutableBytes Outbound::read_buffer() { return pool_.bytes(reading_); }

OutboundCounters Outbound::counters() const noexcept {
    OutboundCounters all = counters_;
    all.queues = gone_;
    for (const auto& backlog : backlogs_) {
        add(all.queues, backlog->queue.counters());
    }
    all.bytes_held = pool_.bytes_used();
    return all;
}

// --- In ----------------------------------------------------------------------------------------

void Outbound::push(base::Instant now, PeerHandle peer, base::ByteView packet,
                    const net::Offload& offload, std::uint32_t flow_hash) {
    QueuedPacket queued{.slot = {},
                        .size = static_cast<std::uint32_t>(packet.size()),
                        .offload = offload,
                        .flow_hash = flow_hash};
    if (packet.size() > kAdoptAbove && packet.data() == pool_.bytes(reading_).data()) {
        const PacketSlot next = take_slot(net::kPacketBytesMax);
        if (next.is_null()) {
            ++counters_.pool_full;
            return;
        }
        queued.slot = std::exchange(reading_, next);
    } else {
        queued.slot = take_slot(packet.size());
        if (queued.slot.is_null()) {
            ++counters_.pool_full;
            return;
        }
        std::memcpy(pool_.bytes(queued.slot).data(), packet.data(), packet.size());
    }
    enqueue(now, peer, queued);
}

void Outbound::push(base::Instant now, PeerHandle peer, const net::TunFrame& frame,
                    std::uint32_t flow_hash) {
    const QueuedPacket queued{.slot = take_slot(frame.size),
                              .size = static_cast<std::uint32_t>(frame.size),
                              .offload = frame.offload,
                              .flow_hash = flow_hash};
    if (queued.slot.is_null()) {
        ++counters_.pool_full;
        return;
    }
    std::byte* at = pool_.bytes(queued.slot).data();
    for (const base::ByteView part : frame.parts) {
        std::memcpy(at, part.data(), part.size());
        at += part.size();
    }
    enqueue(now, peer, queued);
}

PacketSlot Outbound::take_slot(std::size_t size) {
    PacketSlot slot = pool_.take(size);
    while (slot.is_null()) {
        const auto fattest = std::max_element(
            waiting_.begin(), waiting_.end(),
            [](const Backlog* a, const Backlog* b) { return a->queue.bytes() < b->queue.bytes(); });
        if (fattest == waiting_.end() || !(*fattest)->queue.drop_fattest()) {
            return {};
        }
        slot = pool_.take(size);
    }
    return slot;
}

void Outbound::enqueue(base::Instant now, PeerHandle peer, const QueuedPacket& packet) {
    Backlog& backlog = backlog_of(peer);
    backlog.queue.push(now, packet);
    if (!backlog.listed && !backlog.queue.empty()) {
        backlog.listed = true;
        waiting_.push_back(&backlog);
    }
}

Outbound::Backlog& Outbound::backlog_of(PeerHandle handle) {
    Peer& peer = *state_.peers.get(handle);
    if (peer.backlog < backlogs_.size() && backlogs_[peer.backlog]->peer == handle) {
        return *backlogs_[peer.backlog];
    }
    if (backlogs_.size() - waiting_.size() >= kIdleBacklogsMax) {
        drop_idle_backlogs();
    }
    peer.backlog = static_cast<std::uint32_t>(backlogs_.size());
    backlogs_.push_back(std::make_unique<Backlog>(pool_, handle));
    return *backlogs_.back();
}

void Outbound::drop_idle_backlogs() {
    std::erase_if(backlogs_, [this](const std::unique_ptr<Backlog>& backlog) {
        if (!backlog->listed) {
            add(gone_, backlog->queue.counters());
        }
        return !backlog->listed;
    });
    for (std::uint32_t i = 0; i < backlogs_.size(); ++i) {
        if (Peer* peer = state_.peers.get(backlogs_[i]->peer)) {
            peer->backlog = i;
        }
    }
}

// --- Out ---------------------------------------------------------------------------------------

void Outbound::fill(base::Instant now) {
    std::erase_if(waiting_, [this, now](Backlog* backlog) {
        Peer* const peer = state_.peers.get(backlog->peer);
        if (peer == nullptr || (!peer->session && !peer->is_coming())) {
            counters_.peer_lost += backlog->queue.clear();
        } else if (peer->session && !peer->session->active.is_null()) {
            drain(now, *backlog, *peer);
        }
        backlog->listed = !backlog->queue.empty();
        if (!backlog->listed) {
            static_cast<void>(backlog->queue.drop_fattest());  // frees the packet that left last
        }
        return !backlog->listed;
    });
}

void Outbound::drain(base::Instant now, Backlog& backlog, Peer& peer) {
    const std::size_t limit = state_.endpoint->datagram_bytes_max(peer.session->active);
    const std::size_t room = state_.endpoint->datagram_room(peer.session->active);
    if (limit <= overlay::kFragmentHeader || room == 0) {
        return;
    }
    packer_.set_datagram_bytes_max(limit);
    backlog.queue.set_quantum(std::clamp(room, kQuantumMin, kQuantumMax));
    std::size_t used = 0;
    while (used + packer_.bytes() < room) {
        const auto segment = backlog.queue.pop(now, limit - overlay::kPacketsHeader);
        if (!segment) {
            break;
        }
        peer.sent.add(segment->size());
        if (packer_.add(segment->header, segment->payload, segment->checksum_partial)) {
            continue;
        }
        used += send_packed(peer);
        if (!packer_.add(segment->header, segment->payload, segment->checksum_partial)) {
            used += send_segment(peer, *segment, limit);
        }
    }
    send_packed(peer);
}

std::size_t Outbound::send_packed(Peer& peer) {
    if (packer_.empty()) {
        return 0;
    }
    const std::array<base::ByteView, 1> parts = {packer_.take()};
    return send(peer, parts) ? parts[0].size() : 0;
}

std::size_t Outbound::send_segment(Peer& peer, const net::Segment& segment, std::size_t limit) {
    if (segment.size() + overlay::kPacketsHeader > limit) {
        return send_fragments(peer, segment, limit);
    }
    const std::byte header = overlay::packets_header(segment.checksum_partial);
    const std::array<base::ByteView, 3> parts = {base::ByteView(&header, 1), segment.header,
                                                 segment.payload};
    return send(peer, parts) ? segment.size() + 1 : 0;
}

std::size_t Outbound::send_fragments(Peer& peer, const net::Segment& segment, std::size_t limit) {
    whole_.assign(segment.header.begin(), segment.header.end());
    whole_.insert(whole_.end(), segment.payload.begin(), segment.payload.end());
    if (segment.checksum_partial) {  // fragments cannot say so
        if (const auto facts = net::parse_packet(whole_)) {
            net::complete_checksum(whole_, facts->header_size, facts->protocol);
        }
    }
    const auto plan = peer.session->fragmenter.cut(whole_, limit);
    if (!plan) {
        ++counters_.refused;
        return 0;
    }
    std::size_t used = 0;
    for (std::size_t i = 0; i < plan->count(); ++i) {
        const overlay::FragmentPlan::Piece piece = plan->piece(i);
        const overlay::EncodedHeader header = overlay::encode_datagram_header(piece.header);
        const std::array<base::ByteView, 2> parts = {header.view(), piece.payload};
        if (!send(peer, parts)) {
            return used;  // the rest of the packet would be of no use
        }
        ++counters_.fragments_sent;
        used += header.size + piece.payload.size();
    }
    return used;
}

bool Outbound::send(Peer& peer, std::span<const base::ByteView> parts) {
    if (!state_.endpoint->send_datagram(peer.session->active, parts)) {
        ++counters_.refused;
        return false;
    }
    return true;
}

}  // namespace qe::node
