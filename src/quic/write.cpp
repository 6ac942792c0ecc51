// SPDX-License-Identifier: Apache-2.0
//
// Connection, part of: turning queues into packets.
//
// Stream frames go first (control traffic, small), then datagrams in order, several to a packet
// when they are small. Every write ends with a call without payload: it flushes what ngtcp2 has of
// its own, and tells the congestion controller that the application has nothing more (RFC
// 9002, 7.8).
#include <algorithm>
#include <utility>

#include "quic/connection.h"
#include "quic/packet_burst.h"

namespace qe::quic {
namespace {

/// Datagram bytes that a packet of the smallest path carries (RFC 9000, 14.1), roughly.
constexpr std::size_t kSafeFill = 1160;

/// Packets that may leave without a pause after them when nothing else waits.
constexpr std::size_t kUnpacedPackets = 2;

/// Pacing keeps the burst of a whole window from overrunning the queue of a line that drains it in
/// a round trip. Where a round trip is shorter than this, such a burst is short, and the rate that
/// BBR would pace by lies below what the path carries.
constexpr ngtcp2_duration kPacedRttMin = 500 * NGTCP2_MICROSECONDS;

/// The shortest round trip is of the whole past: one that takes this long now has queues to spare,
/// or the path has become another one.
constexpr ngtcp2_duration kUnpacedRttMax = 10 * NGTCP2_MILLISECONDS;

bool needs_pacing(const ngtcp2_conn* conn) noexcept {
    ngtcp2_conn_info info{};
    ngtcp2_conn_get_conn_info2(conn, &info);
    return info.min_rtt >= kPacedRttMin || info.smoothed_rtt >= kUnpacedRttMax;
}

/// A packet at least this full is worth padding to whole size when others follow in the burst.
constexpr bool nearly_full(std::size_t bytes, std::size_t bytes_max) noexcept {
    return bytes * 8 >= bytes_max * 7;
}

/// Bytes that may leave between two looks at the pacer: what the path carries in 250 us.
std::size_t pacing_span(const ngtcp2_conn* conn) noexcept {
    constexpr auto kSpan = std::chrono::duration_cast<base::Duration>(base::microseconds(250));
    constexpr std::size_t kSpanBytesMax = 256U << 10;
    ngtcp2_conn_info info{};
    ngtcp2_conn_get_conn_info2(conn, &info);
    const std::uint64_t bytes = info.cwnd * static_cast<std::uint64_t>(kSpan.count()) /
                                std::max<std::uint64_t>(info.smoothed_rtt, 1);
    return static_cast<std::size_t>(std::min<std::uint64_t>(bytes, kSpanBytesMax));
}

}  // namespace

std::optional<net::TransmitDatagrams> Connection::write(base::Instant now,
                                                        base::MutableBytes buffer) {
    now_ = now;
    more_to_write_ = false;
    if (!carry_.empty()) {
        more_to_write_ = true;
        return flush_carry(buffer);
    }
    drop_oversized_datagrams();
    refresh_offload();
    // ngtcp2 puts the next datagram into the packet that probes a silent path. On a path that
    // swallows large packets such probes would all be lost: send it bare then.
    probe_first_ = std::exchange(timer_fired_, false) && stalled();
    const std::uint64_t in_flight = probing_ ? progress().bytes_in_flight : 0;
    // Before the packets, not after them: what the pacer still holds back must leave now, as
    // nothing wakes the connection again once its timer is gone.
    const bool paced = needs_pacing(conn_.get());
    if (!paced) {
        ngtcp2_conn_skip_pacing(conn_.get());
        unpaced_bytes_ = 0;
    }
    PacketBurst burst(buffer, udp_payload_max(), ngtcp2_conn_get_send_quantum2(conn_.get()));
    fill(burst);
    if (!ending_) {
        if (paced) {
            pace(burst.size());
        }
        end_probe(in_flight);
    }
    auto packets = burst.result();
    if (packets) {
        packets->segmentation_offload = offload_.segmenting();
        burst_grew_[bursts_++ % kBurstsKept] = packets->size > packets->segment_size;
    }
    return packets;
}

// The pacer's timer would wake an idle node for nothing, so what a lone packet or two owe it is put
// on the bill of the next burst. On a path so fast that bursts would follow each other within
// microseconds, several leave at once: a timer and a sleep for each would cost more than sending.
void Connection::pace(std::size_t written) noexcept {
    unpaced_bytes_ += written;
    const bool idle = !more_to_write_ && datagrams_.empty() && !streams_.can_send();
    if (unpaced_bytes_ > (idle ? kUnpacedPackets * udp_payload_max() : pacing_span(conn_.get()))) {
        ngtcp2_conn_update_pkt_tx_time(conn_.get(), now_.nanoseconds());
        unpaced_bytes_ = 0;
    }
}

void Connection::fill(PacketBurst& burst) {
    while (burst.open()) {
        const base::MutableBytes room = burst.room();
        const bool probed = probe_first_;
        const ngtcp2_ssize size = write_packet(room, burst);
        if (size < 0) {
            end_with(static_cast<int>(size));
        }
        if (size == 0 && probed) {
            continue;
        }
        if (size <= 0) {
            more_to_write_ = false;
            break;
        }
        more_to_write_ = true;
        const auto packet = room.first(static_cast<std::size_t>(size));
        if (!burst.add(packet.size())) {
            carry_.assign(packet.begin(), packet.end());
            carry_info_ = burst.refused(packet.size());
            break;
        }
        // A PLPMTUD probe (RFC 8899) travels alone: where a virtual router forwards a GSO send
        // unsegmented, a probe too large for its link takes the whole burst down.
        if (packet.size() > ngtcp2_conn_get_path_max_tx_udp_payload_size2(conn_.get())) {
            break;
        }
    }
}

net::TransmitDatagrams Connection::flush_carry(base::MutableBytes buffer) {
    std::copy(carry_.begin(), carry_.end(), buffer.begin());
    carry_.clear();
    return carry_info_;
}

std::uint64_t Connection::fate_id(std::size_t packet_fill,
                                  const PacketBurst& burst) const noexcept {
    if (packet_fill <= kSafeFill) {
        return kSmallDatagram;
    }
    if (!offload_.segmenting()) {
        return kLargeSingle;
    }
    constexpr std::uint64_t kNumberMask = (1ULL << (kTokenShift - kKindBits)) - 1;
    return burst.empty() ? kLargeFirst | (bursts_ & kNumberMask) << kKindBits : kLargeSegmented;
}

bool Connection::may_send_data() const noexcept {
    return established_ || (role_ == Role::Client && tls_->early_data_offered());
}

void Connection::refuse_datagram() {
    if (const std::uint32_t token = datagrams_.front_token(); token != 0) {
        context_.fates.push_back({.connection = handle_, .token = token, .lost = true});
    }
    datagrams_.pop();
    ++datagrams_dropped_;
}

void Connection::drop_oversized_datagrams() {
    // The path may have shrunk since they were queued; ngtcp2 would wait for room for ever.
    while (!datagrams_.empty() && datagrams_.front().size() > datagram_bytes_max_) {
        refuse_datagram();
    }
}

bool Connection::stalled() const noexcept {
    constexpr base::Duration kPatience = base::milliseconds(250);
    return !datagrams_.empty() && now_ - last_acknowledged_at_ > kPatience &&
           progress().bytes_in_flight > 0;
}

ngtcp2_ssize Connection::write_packet(base::MutableBytes room, PacketBurst& burst) {
    packet_fill_ = 0;
    while (may_send_data() && !probe_first_) {
        ngtcp2_ssize size = 0;
        if (streams_.can_send() && ngtcp2_conn_get_max_data_left2(conn_.get()) > 0) {
            size = write_stream_frame(room, burst);
        } else if (!datagrams_.empty()) {
            size = write_datagram_frame(room, burst);
        } else {
            break;
        }
        if (size != NGTCP2_ERR_WRITE_MORE) {
            return size;
        }
        drop_oversized_datagrams();
    }
    probe_first_ = false;
    return ngtcp2_conn_write_pkt(conn_.get(), burst.path(), burst.info(), base::as_u8(room),
                                 room.size(), now_.nanoseconds());
}

// Returns a packet's size, 0 (blocked), NGTCP2_ERR_WRITE_MORE (the packet has room), or an error.
ngtcp2_ssize Connection::write_stream_frame(base::MutableBytes room, PacketBurst& burst) {
    const StreamId id = streams_.next_sender();
    Stream* const stream = streams_.find(id);
    if (stream == nullptr || !stream->sender.has_unsent()) {
        streams_.end_turn();
        return NGTCP2_ERR_WRITE_MORE;
    }
    StreamSender::Vectors vectors{};
    const std::size_t count = stream->sender.unsent(vectors);
    std::size_t shown = 0;
    for (std::size_t i = 0; i < count; ++i) {
        shown += vectors[i].len;
    }
    const bool whole = shown == stream->sender.unsent_bytes();
    const bool fin = stream->sender.finished() && whole;
    ngtcp2_ssize taken = -1;
    const ngtcp2_ssize size = ngtcp2_conn_writev_stream(
        conn_.get(), burst.path(), burst.info(), base::as_u8(room), room.size(), &taken,
        NGTCP2_WRITE_STREAM_FLAG_MORE | (fin ? NGTCP2_WRITE_STREAM_FLAG_FIN : 0U), id,
        vectors.data(), count, now_.nanoseconds());
    if (size == NGTCP2_ERR_STREAM_DATA_BLOCKED) {
        stream->blocked = true;
    } else if (size == NGTCP2_ERR_STREAM_SHUT_WR || size == NGTCP2_ERR_STREAM_NOT_FOUND) {
        stream->sender.abandon();
    } else {
        if (taken >= 0) {
            const auto bytes = static_cast<std::size_t>(taken);
            stream->sender.on_sent(bytes, fin && bytes == shown);
            streams_.end_turn();
        }
        return size;
    }
    streams_.end_turn();
    return NGTCP2_ERR_WRITE_MORE;
}

ngtcp2_ssize Connection::write_datagram_frame(base::MutableBytes room, PacketBurst& burst) {
    const base::ByteView datagram = datagrams_.front();
    std::uint32_t flags = NGTCP2_WRITE_DATAGRAM_FLAG_NONE;
    if (established_ && datagrams_.size() > 1) {
        flags |= NGTCP2_WRITE_DATAGRAM_FLAG_MORE;
        if (nearly_full(packet_fill_ + datagram.size(), datagram_bytes_max_)) {
            flags |= NGTCP2_WRITE_DATAGRAM_FLAG_PADDING;
        }
    }
    // ngtcp2 only reads, but its vector is shared with interfaces that write.
    const ngtcp2_vec vector{
        .base = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(datagram.data())),
        .len = datagram.size()};
    const std::uint64_t id = fate_id(packet_fill_ + datagram.size(), burst) |
                             std::uint64_t{datagrams_.front_token()} << kTokenShift;
    int accepted = 0;
    const ngtcp2_ssize size = ngtcp2_conn_writev_datagram(
        conn_.get(), burst.path(), burst.info(), base::as_u8(room), room.size(), &accepted, flags,
        id, &vector, 1, now_.nanoseconds());
    if (accepted != 0) {
        packet_fill_ += datagram.size();
        datagrams_.pop();
    } else if (size == NGTCP2_ERR_INVALID_STATE || size == NGTCP2_ERR_INVALID_ARGUMENT) {
        // The peer takes no datagrams of this size; only this one is concerned.
        refuse_datagram();
        return NGTCP2_ERR_WRITE_MORE;
    }
    return size;
}

void Connection::probe() noexcept {
    // ngtcp2 has no call that sends a PING. A keep-alive that is due at once is one, and is put
    // back as soon as something that asks for an acknowledgement has left.
    if (established_) {
        probing_ = true;
        ngtcp2_conn_set_keep_alive_timeout(conn_.get(), 1);
    }
}

void Connection::end_probe(std::uint64_t in_flight_before) noexcept {
    if (probing_ && progress().bytes_in_flight > in_flight_before) {
        probing_ = false;
        ngtcp2_conn_set_keep_alive_timeout(conn_.get(), keep_alive_interval());
    }
}

}  // namespace qe::quic
