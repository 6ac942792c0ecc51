// SPDX-License-Identifier: Apache-2.0
//
// Connection, part of: the end of the handshake, and what the caller is told of a live connection.
#include <algorithm>
#include <utility>

#include "quic/connection.h"
#include "quic/sockaddr.h"
#include "quic/transport.h"

namespace qe::quic {
namespace {

base::Duration duration(ngtcp2_duration d) noexcept {
    return base::Duration(static_cast<std::int64_t>(d));
}

}  // namespace

bool Connection::on_handshake_completed() {
    if (!tls_->confirm_peer()) {
        return false;
    }
    established_ = true;
    established_at_ = now_;
    last_received_at_ = now_;
    last_acknowledged_at_ = now_;
    resumed_ = tls_->resumed();
    count_early_data();
    if (half_open_) {
        half_open_ = false;
        --context_.half_open;
    }
    ++context_.counters.handshakes_completed;
    connected_news_ = true;
    if (role_ == Role::Server) {
        issue_address_token();
    }
    return true;
}

void Connection::count_early_data() {
    early_data_accepted_ = tls_->early_data_accepted();
    if (early_data_accepted_) {
        ++context_.counters.early_data_accepted;
        return;
    }
    if (!tls_->early_data_refused()) {
        return;
    }
    ++context_.counters.early_data_rejected;
    if (role_ == Role::Client) {
        // ngtcp2 forgets what flew in 0-RTT. Datagrams that had left are lost, as datagrams may be;
        // those still queued go out under the new keys.
        ngtcp2_conn_tls_early_data_rejected(conn_.get());
    }
}

void Connection::issue_address_token() {
    const auto token = context_.tokens.make_regular_token(context_.tls.wall_now(), flow_.remote);
    // A connection without a token for the next one is still a good connection.
    if (token) {
        ngtcp2_conn_submit_new_token(conn_.get(), base::as_u8(base::ByteView(*token)),
                                     token->size());
    }
}

bool Connection::has_news() const noexcept {
    return established_ && (connected_news_ || path_news_ || size_news_ || token_news_ ||
                            offload_told_off_ != offload_.off() || streams_.has_news());
}

std::optional<Event> Connection::next_event() {
    if (!established_) {
        return std::nullopt;
    }
    if (std::exchange(connected_news_, false)) {
        return Connected{.connection = handle_,
                         .role = role_,
                         .flow = flow_,
                         .key = tls_->peer()->key,
                         .node_id = tls_->peer()->node_id,
                         .rule = tls_->peer()->rule,
                         .attributes = tls_->peer()->attributes,
                         .resumed = resumed_,
                         .early_data_accepted = early_data_accepted_};
    }
    if (std::exchange(path_news_, false)) {
        return PathChanged{.connection = handle_, .flow = flow_};
    }
    if (std::exchange(size_news_, false)) {
        return DatagramSizeChanged{.connection = handle_, .bytes_max = datagram_bytes_max_};
    }
    if (offload_told_off_ != offload_.off()) {
        offload_told_off_ = offload_.off();
        return OffloadChanged{.connection = handle_,
                              .off = offload_told_off_,
                              .burst_loss = offload_.burst_loss(),
                              .single_loss = offload_.single_loss()};
    }
    if (std::exchange(token_news_, false)) {
        if (auto resumption = make_resumption()) {
            return ResumptionReady{.connection = handle_, .resumption = std::move(*resumption)};
        }
    }
    return fetch_stream_data();
}

std::optional<Event> Connection::fetch_stream_data() {
    std::optional<StreamData> data = streams_.take_news();
    if (!data) {
        return std::nullopt;
    }
    data->connection = handle_;
    // Only now may the peer send as much again (RFC 9000, 4.1).
    ngtcp2_conn_extend_max_stream_offset(conn_.get(), data->stream, data->bytes.size());
    ngtcp2_conn_extend_max_offset(conn_.get(), data->bytes.size());
    return std::move(*data);
}

std::optional<Resumption> Connection::make_resumption() {
    // A token without a ticket, or the other way round, comes with the next piece of news.
    if (auto ticket = tls_->take_ticket()) {
        session_ticket_ = std::move(*ticket);
    }
    if (session_ticket_.empty()) {
        return std::nullopt;
    }
    Resumption resumption;
    resumption.transport_parameters.resize(256);
    const ngtcp2_ssize size = ngtcp2_conn_encode_0rtt_transport_params2(
        conn_.get(), base::as_u8(base::MutableBytes(resumption.transport_parameters)),
        resumption.transport_parameters.size());
    if (size < 0) {
        return std::nullopt;
    }
    resumption.transport_parameters.resize(static_cast<std::size_t>(size));
    resumption.session = session_ticket_;
    resumption.token = address_token_;
    return resumption;
}

ConnectionInfo Connection::info() const {
    ngtcp2_conn_info counts{};
    ngtcp2_conn_get_conn_info2(conn_.get(), &counts);
    ConnectionInfo info;
    info.role = role_;
    info.flow = flow_of(*ngtcp2_conn_get_path2(conn_.get()));
    if (tls_->peer()) {
        info.key = tls_->peer()->key;
    }
    info.smoothed_rtt = duration(counts.smoothed_rtt);
    info.latest_rtt = duration(counts.latest_rtt);
    info.min_rtt = counts.min_rtt == UINT64_MAX ? base::Duration::zero() : duration(counts.min_rtt);
    info.rtt_variation = duration(counts.rttvar);
    info.pto = duration(ngtcp2_conn_get_pto2(conn_.get()));
    info.congestion_window_bytes = counts.cwnd;
    info.bytes_in_flight = counts.bytes_in_flight;
    info.bytes_sent = counts.bytes_sent;
    info.bytes_received = counts.bytes_recv;
    info.packets_sent = counts.pkt_sent;
    info.packets_received = counts.pkt_recv;
    info.packets_lost = counts.pkt_lost;
    info.datagrams_dropped = datagrams_dropped_;
    info.datagram_queue_bytes = datagrams_.bytes();
    info.udp_payload_bytes =
        std::min(ngtcp2_conn_get_path_max_tx_udp_payload_size2(conn_.get()), udp_payload_max());
    info.datagram_bytes_max = datagram_bytes_max_;
    info.segmentation_offload = offload_.segmenting();
    info.offload_off = offload_.off();
    info.burst_loss = offload_.burst_loss();
    info.single_loss = offload_.single_loss();
    info.established_at = established_at_;
    info.last_received_at = last_received_at_;
    info.last_acknowledged_at = last_acknowledged_at_;
    info.handshake_confirmed = confirmed_;
    info.cipher = tls_->cipher();
    info.key_exchange = tls_->key_exchange();
    info.congestion_control =
        context_.options.congestion_control == CongestionControl::Bbr ? "bbr" : "cubic";
    return info;
}

PathMetrics Connection::metrics() const noexcept {
    ngtcp2_conn_info counts{};
    ngtcp2_conn_get_conn_info2(conn_.get(), &counts);
    PathMetrics metrics;
    // After persistent congestion ngtcp2 begins anew with the RTT of a path it knows nothing of.
    const bool forgotten =
        counts.smoothed_rtt == NGTCP2_DEFAULT_INITIAL_RTT && counts.latest_rtt != 0;
    metrics.smoothed_rtt = duration(forgotten ? counts.latest_rtt : counts.smoothed_rtt);
    metrics.min_rtt =
        counts.min_rtt == UINT64_MAX ? base::Duration::zero() : duration(counts.min_rtt);
    metrics.rtt_variation = duration(forgotten ? counts.latest_rtt / 2 : counts.rttvar);
    metrics.pto = duration(ngtcp2_conn_get_pto2(conn_.get()));
    metrics.congestion_window_bytes = counts.cwnd;
    metrics.bytes_in_flight = counts.bytes_in_flight;
    const std::uint64_t undelivered = counts.bytes_lost + counts.bytes_in_flight;
    metrics.bytes_delivered = counts.bytes_sent - std::min(counts.bytes_sent, undelivered);
    metrics.bytes_sent = counts.bytes_sent;
    metrics.bytes_received = counts.bytes_recv;
    metrics.packets_sent = counts.pkt_sent;
    metrics.packets_lost = counts.pkt_lost;
    metrics.last_acknowledged_at = last_acknowledged_at_;
    metrics.last_received_at = last_received_at_;
    return metrics;
}

}  // namespace qe::quic
