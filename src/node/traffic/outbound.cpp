// SPDX-License-Identifier: Apache-2.0
#include "node/traffic/outbound.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "quicether/net/checksum.h"
#include "quicether/net/packet.h"
#include "quicether/overlay/datagram.h"

namespace qe::node {
namespace {

/// A packet above this takes the buffer it was read into; below, copying is cheaper than memory.
constexpr std::size_t kAdoptAbove = PacketPool::kSlotBytes[1];
constexpr base::Duration kRoundTripPause = base::seconds(1);

overlay::DatagramHeader packets_header(bool checksum_partial) noexcept {
    overlay::DatagramHeader header;
    header.checksum_partial = checksum_partial;
    return header;
}

}  // namespace

Outbound::Outbound(NodeState& state) : state_(state), reading_(pool_.take(net::kPacketBytesMax)) {
    for (const config::TrafficClass& one : state.config.multipath.redundant_classes) {
        redundant_classes_ |= std::uint64_t{1} << one.dscp;
    }
}

base::MutableBytes Outbound::read_buffer() { return pool_.bytes(reading_); }

OutboundCounters Outbound::counters() const noexcept {
    OutboundCounters all = counters_;
    all.queues = gone_;
    for (const auto& backlog : backlogs_) {
        all.queues += backlog->counters();
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
            [](const Backlog* a, const Backlog* b) { return a->bytes() < b->bytes(); });
        if (fattest == waiting_.end() || !(*fattest)->drop_fattest()) {
            return {};
        }
        slot = pool_.take(size);
    }
    return slot;
}

void Outbound::enqueue(base::Instant now, PeerHandle peer, const QueuedPacket& packet) {
    Backlog& backlog = backlog_of(peer);
    const Session* session =
        state_.peers.get(peer)->session ? &*state_.peers.get(peer)->session : nullptr;
    const multipath::GroupIndex group = session != nullptr && session->bond
                                            ? session->bond->placer.group_of(packet.flow_hash)
                                            : multipath::GroupIndex{0};
    backlog.queue(group).push(now, packet);
    if (!backlog.listed && !backlog.empty()) {
        backlog.listed = true;
        waiting_.push_back(&backlog);
    }
}

Backlog& Outbound::backlog_of(PeerHandle handle) {
    Peer& peer = *state_.peers.get(handle);
    if (peer.backlog < backlogs_.size() && backlogs_[peer.backlog]->peer() == handle) {
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
            gone_ += backlog->counters();
        }
        return !backlog->listed;
    });
    for (std::uint32_t i = 0; i < backlogs_.size(); ++i) {
        if (Peer* peer = state_.peers.get(backlogs_[i]->peer())) {
            peer->backlog = i;
        }
    }
}

// --- Out ---------------------------------------------------------------------------------------

void Outbound::wake(PeerHandle handle) {
    Backlog& backlog = backlog_of(handle);
    if (!backlog.listed) {
        backlog.listed = true;
        waiting_.push_back(&backlog);
    }
}

void Outbound::fill(base::Instant now) {
    now_ = now;
    std::erase_if(waiting_, [this, now](Backlog* backlog) {
        Peer* const peer = state_.peers.get(backlog->peer());
        bool repairs = false;
        if (peer == nullptr || (!peer->session && !peer->is_coming())) {
            counters_.peer_lost += backlog->clear();
        } else if (peer->session && !peer->session->active.is_null()) {
            peer->session->bond ? drain_bond(now, *backlog, *peer)
                                : drain_link(now, *backlog, *peer);
            departure_ = {};
            repairs = peer->session->bond && peer->session->bond->repair.next(now);
        }
        backlog->listed = !backlog->empty() || repairs;
        if (!backlog->listed) {
            backlog->release();
        }
        return !backlog->listed;
    });
}

void Outbound::drain_link(base::Instant now, Backlog& backlog, Peer& peer) {
    const std::size_t limit = state_.endpoint->datagram_bytes_max(peer.session->active);
    Link& link = *peer.session->active_link();
    const std::size_t room = room_of(link);
    if (limit <= overlay::kFragmentHeader || room == 0) {
        await_limits(backlog.peer(), *peer.session);
        return;
    }
    packer_.set_datagram_bytes_max(limit);
    FlowQueue& queue = backlog.queue(0);
    if (now >= backlog.round_trip_due) {
        const auto metrics = state_.endpoint->metrics(link.connection);
        queue.set_round_trip(metrics ? metrics->min_rtt : base::Duration(0));
        backlog.round_trip_due = now + kRoundTripPause;
    }
    queue.set_quantum(quantum_of(room));
    std::size_t used = 0;
    while (used + packer_.bytes() < room) {
        const auto segment = queue.pop(now, limit - overlay::kPacketsHeader);
        if (!segment) {
            break;
        }
        used += put(peer, *segment, limit);
    }
    used += send_packed(peer);
    if (used != 0) {
        link.last_used = now;
        charge(link, used);
    }
    if (!queue.empty()) {
        await_limits(backlog.peer(), *peer.session);
    }
}

RateCap* Outbound::cap_of(const Link& link) {
    return link.rate_max > 0 ? &caps_.try_emplace(link.uplink, link.rate_max).first->second
                             : nullptr;
}

std::size_t Outbound::room_of(const Link& link) {
    const std::size_t room = state_.endpoint->datagram_room(link.connection);
    RateCap* const cap = cap_of(link);
    return cap == nullptr ? room : std::min(room, cap->room(now_));
}

void Outbound::charge(const Link& link, std::size_t bytes) {
    if (RateCap* const cap = cap_of(link)) {
        cap->take(now_, bytes);
    }
}

void Outbound::await_limits(PeerHandle handle, const Session& session) {
    for (const Link& link : session.links) {
        if (RateCap* const cap = cap_of(link); cap != nullptr && cap->room(now_) == 0) {
            state_.look_at(handle, cap->next_at(now_));
        }
    }
}

std::size_t Outbound::put(Peer& peer, const net::Segment& segment, std::size_t limit) {
    peer.sent.add(segment.size());
    if (packer_.add(segment.header, segment.payload, segment.checksum_partial)) {
        return 0;
    }
    const std::size_t used = send_packed(peer);
    if (packer_.add(segment.header, segment.payload, segment.checksum_partial)) {
        return used;
    }
    return used + send_segment(peer, segment, limit);
}

std::size_t Outbound::send_packed(Peer& peer) {
    if (packer_.empty()) {
        return 0;
    }
    const base::ByteView datagram = packer_.take();
    const bool partial = datagram[0] == overlay::packets_header(true);
    const std::array<base::ByteView, 1> payload = {datagram.subspan(overlay::kPacketsHeader)};
    return send(peer, packets_header(partial), payload) ? datagram.size() : 0;
}

std::size_t Outbound::send_segment(Peer& peer, const net::Segment& segment, std::size_t limit) {
    if (segment.size() + overlay::kPacketsHeader > limit) {
        return send_fragments(peer, segment, limit);
    }
    const std::array<base::ByteView, 2> payload = {segment.header, segment.payload};
    return send(peer, packets_header(segment.checksum_partial), payload)
               ? segment.size() + overlay::kPacketsHeader
               : 0;
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
        const std::array<base::ByteView, 1> payload = {piece.payload};
        if (!send(peer, piece.header, payload)) {
            return used;  // the rest of the packet would be of no use
        }
        ++counters_.fragments_sent;
        used += overlay::kFragmentHeader + piece.payload.size();
    }
    return used;
}

bool Outbound::send(Peer& peer, overlay::DatagramHeader header,
                    std::span<const base::ByteView> payload) {
    bool sent = false;
    if (departure_.paths != 0) {
        sent = send_numbered(peer, header, payload);
    } else {
        const overlay::EncodedHeader encoded = overlay::encode_datagram_header(header);
        std::array<base::ByteView, 3> parts = {encoded.view()};
        std::copy(payload.begin(), payload.end(), parts.begin() + 1);
        sent = state_.endpoint
                   ->send_datagram(peer.session->active, std::span(parts).first(1 + payload.size()))
                   .has_value();
    }
    counters_.refused += sent ? 0U : 1U;
    return sent;
}

}  // namespace qe::node
