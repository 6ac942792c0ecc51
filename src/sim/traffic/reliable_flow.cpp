// SPDX-License-Identifier: Apache-2.0
#include "sim/traffic/reliable_flow.h"

#include <algorithm>

#include "quicether/net/checksum.h"
#include "sim/traffic/ip_packet.h"
#include "sim/traffic/pattern.h"

namespace qe::sim {
namespace {

// Stream position 0 has this sequence number; the SYN has the one before.
constexpr std::uint32_t kFirst = 1;
constexpr std::size_t kSackBlocks = 3;
constexpr std::size_t kSuperSegments = 44;
constexpr std::size_t kSuperBytes = 64'000;  // With its headers, a packet has at most 65,535.
constexpr base::Duration kAckDelay = base::milliseconds(25);
constexpr std::uint32_t kWindow = 16U << 20;

std::uint32_t wire(std::uint64_t position) { return static_cast<std::uint32_t>(position) + kFirst; }
std::uint64_t position(std::uint32_t number, std::uint64_t near) {
    return unwrap_sequence(number - kFirst, near);
}

}  // namespace

std::uint16_t ReliableFlow::mss_of(Host& host) const {
    const std::size_t headers = ip_header_bytes(options().family) + kTcpHeader;
    return static_cast<std::uint16_t>(host.config().network.mtu - headers);
}

TcpSegment ReliableFlow::new_segment() const {
    TcpSegment segment;
    segment.source_port = options().port;
    segment.destination_port = options().port;
    segment.window = kWindow;
    return segment;
}

void ReliableFlow::begin() {
    sender().listen({net::kProtocolTcp, options().port},
                    [this](base::ByteView packet) { handle_at_sender(packet); });
    receiver().listen({net::kProtocolTcp, options().port},
                      [this](base::ByteView packet) { handle_at_receiver(packet); });
    send_syn();
}

// --- The end that sends data ---------------------------------------------------------------------

void ReliableFlow::send_syn() {
    if (connected_ || over()) {
        return;
    }
    TcpSegment segment = new_segment();
    segment.syn = true;
    segment.sequence = wire(0) - 1;
    segment.mss = mss_of(sender());
    segment.congestion_seen = segment.congestion_handled = options().ecn;
    base::Bytes packet =
        make_ip_packet({source(), destination(), net::kProtocolTcp}, encode_tcp(segment));
    sender().send_ip(packet);
    scheduler().after(syn_timer_.timeout(), [this] { send_syn(); });
    syn_timer_.on_timeout();
}

void ReliableFlow::handle_at_sender(base::ByteView packet) {
    const auto opened = open_ip_packet(packet);
    const auto segment = opened ? parse_tcp(opened->segment) : std::nullopt;
    if (!segment || !segment->ack) {
        record_.altered += segment ? 0U : 1U;
        return;
    }
    if (segment->syn && !connected_) {
        connected_ = true;
        tcp_.emplace(options().control, std::min(segment->mss, mss_of(sender())), options().bytes);
    }
    if (!tcp_) {
        return;
    }
    TcpAck ack{position(segment->acknowledged, tcp_->acked()),
               {},
               segment->window,
               segment->congestion_seen && !segment->syn};
    for (const TcpSegment::Block& block : segment->sacked) {
        ack.sacked.push_back(
            {position(block.begin, tcp_->acked()), position(block.end, tcp_->acked())});
    }
    if (segment->syn) {
        ack.window_bytes = kWindow;
    }
    tcp_->handle_ack(now(), ack);
    if (tcp_->finished() && !record_.finished) {
        record_.finished = now();
    }
    send_data();
}

void ReliableFlow::send_data() {
    const std::size_t fit = std::clamp<std::size_t>(kSuperBytes / tcp_->mss(), 1, kSuperSegments);
    const std::size_t segments = options().super_packets ? fit : 1;
    while (!over() && !sender().suspended()) {
        const auto range = tcp_->poll(now(), segments);
        if (!range) {
            break;
        }
        send_range(*range);
    }
    record_.retransmissions = tcp_->retransmissions();
    record_.timeouts = tcp_->timeouts();
    schedule_timer();
}

void ReliableFlow::send_range(const StreamRange& range) {
    base::Bytes payload(range.size());
    fill_pattern(payload, key(), range.begin);
    TcpSegment segment = new_segment();
    segment.ack = true;
    segment.push = true;
    segment.sequence = wire(range.begin);
    segment.acknowledged = kFirst;
    segment.payload = payload;
    segment.congestion_handled = tcp_->take_window_reduced();
    const net::Ecn ecn = options().ecn ? net::Ecn::Ect0 : net::Ecn::NotEct;
    base::Bytes packet =
        make_ip_packet({source(), destination(), net::kProtocolTcp, ecn}, encode_tcp(segment));
    net::Offload offload;
    if (range.size() > tcp_->mss()) {
        const std::size_t header = ip_header_bytes(options().family);
        offload = {net::Segmentation::Tcp, true, static_cast<std::uint16_t>(tcp_->mss()),
                   static_cast<std::uint16_t>(header)};
        net::begin_checksum(packet, header, net::kProtocolTcp);
    }
    sender().send_ip(packet, offload);
}

void ReliableFlow::schedule_timer() {
    if (timer_scheduled_ || tcp_->next_deadline().is_never() || over()) {
        return;
    }
    timer_scheduled_ = true;
    scheduler().at(tcp_->next_deadline(), [this] { handle_timer(); });
}

void ReliableFlow::handle_timer() {
    timer_scheduled_ = false;
    if (tcp_->next_deadline() <= now()) {
        tcp_->handle_timeout(now());
        send_data();
    } else {
        schedule_timer();  // It has moved on since.
    }
}

// --- The end that receives it --------------------------------------------------------------------

void ReliableFlow::handle_at_receiver(base::ByteView packet) {
    const auto opened = open_ip_packet(packet);
    const auto segment = opened ? parse_tcp(opened->segment) : std::nullopt;
    if (!segment) {
        ++record_.altered;
        return;
    }
    if (segment->syn) {
        TcpSegment answer = new_segment();
        answer.syn = answer.ack = true;
        answer.sequence = wire(0) - 1;
        answer.acknowledged = wire(0);
        answer.mss = std::min(segment->mss, mss_of(receiver()));
        answer.congestion_seen = options().ecn;
        send_from_receiver(answer);
        return;
    }
    if (segment->congestion_handled) {
        receiver_state_.handle_window_reduced();
    }
    if (opened->facts.ecn == net::Ecn::Ce) {
        ++record_.congestion_marks;
        receiver_state_.handle_mark();
    }
    if (!segment->payload.empty()) {
        take_data(*segment);
    }
}

void ReliableFlow::take_data(const TcpSegment& segment) {
    const std::uint64_t begin = position(segment.sequence, received_);
    if (!is_pattern(segment.payload, key(), begin)) {
        ++record_.altered;
        return;
    }
    record_.duplicates += begin + segment.payload.size() <= received_ ? 1U : 0U;
    const std::uint64_t fresh = receiver_state_.handle({begin, begin + segment.payload.size()});
    received_ += fresh;
    if (fresh > 0) {
        record_.add_delivered(now(), fresh);
    }
    if (receiver_state_.urgent()) {
        send_ack();
    } else {
        schedule_ack();
    }
}

void ReliableFlow::schedule_ack() {
    if (ack_scheduled_) {
        return;
    }
    ack_scheduled_ = true;
    scheduler().after(kAckDelay, [this] {
        ack_scheduled_ = false;
        if (receiver_state_.pending()) {
            send_ack();
        }
    });
}

void ReliableFlow::send_ack() {
    const TcpAck ack = receiver_state_.take_ack(kSackBlocks);
    TcpSegment segment = new_segment();
    segment.ack = true;
    segment.sequence = wire(0);
    segment.acknowledged = wire(ack.upto);
    segment.congestion_seen = ack.congestion_seen;
    for (const StreamRange& range : ack.sacked) {
        segment.sacked.push_back({wire(range.begin), wire(range.end)});
    }
    send_from_receiver(segment);
}

void ReliableFlow::send_from_receiver(const TcpSegment& segment) {
    if (receiver().suspended()) {
        return;
    }
    base::Bytes packet =
        make_ip_packet({destination(), source(), net::kProtocolTcp}, encode_tcp(segment));
    receiver().send_ip(packet);
}

}  // namespace qe::sim
