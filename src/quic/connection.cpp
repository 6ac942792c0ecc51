// SPDX-License-Identifier: Apache-2.0
#include "quic/connection.h"

#include <algorithm>
#include <utility>

#include "quic/callbacks.h"
#include "quic/sockaddr.h"
#include "quic/transport.h"

namespace qe::quic {

using base::ErrorCode;

Connection::Connection(Context& context) noexcept
    : context_(context), datagrams_(context.options.datagram_queue_bytes_max) {}

Connection::~Connection() {
    for (const IdKey& id : ids_) {
        context_.cids.erase(id);
    }
    for (const IdKey& token : reset_tokens_) {
        context_.cids.erase_reset_token(token.bytes());
    }
    if (half_open_) {
        --context_.half_open;
    }
}

// --- Set-up ------------------------------------------------------------------------------------

bool Connection::register_id(const ngtcp2_cid& id) {
    if (!context_.cids.insert(id, {.connection = handle_, .tombstone = {}})) {
        return false;
    }
    ids_.emplace_back(id);
    return true;
}

void Connection::unregister_id(const ngtcp2_cid& id) {
    const IdKey key(id);
    // An id that was never ours (the peer cannot cause it, a bug could) must stay in the table.
    if (std::erase(ids_, key) > 0) {
        context_.cids.erase(key);
    }
}

base::Status Connection::init_client(base::Instant now, ConnectionHandle handle,
                                     const ConnectRequest& request) {
    now_ = now;
    handle_ = handle;
    role_ = Role::Client;
    flow_ = request.flow;
    const Resumption* const memory = request.resumption;
    tls_.emplace(context_.tls);
    QE_TRY_STATUS(tls_->init_client(request.expected,
                                    memory == nullptr ? base::ByteView() : memory->session));
    const ngtcp2_cid own_id = context_.cids.make_unused_id(context_.rng);
    QE_TRY_STATUS(make_client(now, request, own_id));
    register_id(own_id);
    if (tls_->early_data_offered() &&
        ngtcp2_conn_decode_and_set_0rtt_transport_params(
            conn_.get(), base::as_u8(base::ByteView(memory->transport_parameters)),
            memory->transport_parameters.size()) != 0) {
        tls_->withdraw_early_data();
    }
    finish_set_up();
    return {};
}

base::Status Connection::make_client(base::Instant now, const ConnectRequest& request,
                                     const ngtcp2_cid& own_id) {
    Settings settings =
        make_settings(context_.options, request.flow.remote.ip.family(), now, context_.rng);
    if (request.resumption != nullptr) {
        const base::ByteView token = request.resumption->token;
        settings.values.token = base::as_u8(token);
        settings.values.tokenlen = token.size();
        settings.values.token_type = NGTCP2_TOKEN_TYPE_NEW_TOKEN;
    }
    const ngtcp2_transport_params parameters = make_transport_parameters(context_.options);
    const ngtcp2_cid first_destination = make_initial_destination_id(context_.rng);
    const Path path(request.flow);
    ngtcp2_conn* conn = nullptr;
    const int status =
        ngtcp2_conn_client_new(&conn, &first_destination, &own_id, &path.get(), NGTCP2_PROTO_VER_V1,
                               &client_callbacks(), &settings.values, &parameters, nullptr, this);
    if (status != 0) {
        return base::fail(ErrorCode::kQuicFailure, "cannot start a connection", status);
    }
    conn_.reset(conn);
    return {};
}

base::Status Connection::init_server(base::Instant now, ConnectionHandle handle,
                                     const Acceptance& acceptance) {
    now_ = now;
    handle_ = handle;
    role_ = Role::Server;
    flow_ = acceptance.flow;
    tls_.emplace(context_.tls);
    QE_TRY_STATUS(tls_->init_server(parameters_tag(context_.options)));
    const ngtcp2_cid own_id = context_.cids.make_unused_id(context_.rng);
    QE_TRY_STATUS(make_server(now, acceptance, own_id));
    register_id(own_id);
    // The client goes on using the id it invented until it has seen our first packet.
    register_id(acceptance.header.dcid);
    half_open_ = true;
    ++context_.half_open;
    finish_set_up();
    return {};
}

base::Status Connection::make_server(base::Instant now, const Acceptance& acceptance,
                                     const ngtcp2_cid& own_id) {
    Settings settings =
        make_settings(context_.options, acceptance.flow.remote.ip.family(), now, context_.rng);
    const ngtcp2_pkt_hd& header = acceptance.header;
    if (acceptance.token_type != NGTCP2_TOKEN_TYPE_UNKNOWN) {
        settings.values.token = header.token;
        settings.values.tokenlen = header.tokenlen;
        settings.values.token_type = acceptance.token_type;
    }
    ngtcp2_transport_params parameters = make_transport_parameters(context_.options);
    parameters.original_dcid_present = 1;
    parameters.original_dcid = acceptance.first_destination.value_or(header.dcid);
    if (acceptance.first_destination) {
        parameters.retry_scid_present = 1;
        parameters.retry_scid = header.dcid;
    }
    QE_TRY(const ngtcp2_stateless_reset_token token, context_.tokens.reset_token(own_id));
    std::copy(std::begin(token.data), std::end(token.data), parameters.stateless_reset_token);
    parameters.stateless_reset_token_present = 1;
    const Path path(acceptance.flow);
    ngtcp2_conn* conn = nullptr;
    const int status =
        ngtcp2_conn_server_new(&conn, &header.scid, &own_id, &path.get(), header.version,
                               &server_callbacks(), &settings.values, &parameters, nullptr, this);
    if (status != 0) {
        return base::fail(ErrorCode::kQuicFailure, "cannot accept a connection", status);
    }
    conn_.reset(conn);
    return {};
}

void Connection::finish_set_up() {
    tls_->attach(conn_.get());
    ngtcp2_conn_set_keep_alive_timeout(conn_.get(), keep_alive_interval());
    datagram_bytes_max_ = compute_datagram_size();
    ++context_.counters.handshakes_started;
}

ngtcp2_duration Connection::keep_alive_interval() const noexcept {
    const std::int64_t interval = std::max<std::int64_t>(context_.options.keep_alive.count(), 0);
    return role_ == Role::Client ? static_cast<ngtcp2_duration>(interval) : 0;
}

// --- Input -------------------------------------------------------------------------------------

Connection::Progress Connection::progress() const noexcept {
    ngtcp2_conn_info info{};
    ngtcp2_conn_get_conn_info2(conn_.get(), &info);
    return {.packets_received = info.pkt_recv, .bytes_in_flight = info.bytes_in_flight};
}

void Connection::before_input(base::Instant now) noexcept {
    now_ = now;
    before_ = progress();
}

void Connection::read(const ngtcp2_path& path, net::Ecn ecn, base::ByteView packet) {
    if (ending_) {
        return;
    }
    const ngtcp2_pkt_info info{.ecn = static_cast<std::uint8_t>(ecn)};
    const int status = ngtcp2_conn_read_pkt(conn_.get(), &path, &info, base::as_u8(packet),
                                            packet.size(), now_.nanoseconds());
    if (status != 0) {
        end_with(status);
    }
}

void Connection::after_input(std::size_t packets) {
    const Progress after = progress();
    const std::uint64_t accepted = after.packets_received - before_.packets_received;
    if (accepted > 0) {
        last_received_at_ = now_;
    }
    if (accepted < packets) {
        context_.counters.packets_rejected += packets - accepted;
    }
    // While reading, only acknowledgements take bytes out of flight.
    if (after.bytes_in_flight < before_.bytes_in_flight) {
        last_acknowledged_at_ = now_;
    }
    if (!ending_) {
        refresh_path();
        refresh_offload();
        refresh_black_hole();
        refresh_datagram_size();
    }
}

void Connection::on_timeout(base::Instant now) {
    now_ = now;
    const int status = ngtcp2_conn_handle_expiry(conn_.get(), now.nanoseconds());
    if (status != 0) {
        end_on_expiry(status);
        return;
    }
    timer_fired_ = true;
    refresh_path();
    refresh_offload();
    refresh_black_hole();
    refresh_datagram_size();
}

base::Instant Connection::deadline() const noexcept {
    return std::min(base::Instant::from_nanoseconds(ngtcp2_conn_get_expiry2(conn_.get())),
                    black_hole_.deadline());
}

void Connection::refresh_path() {
    if (!established_) {
        return;
    }
    const net::FlowAddresses flow = flow_of(*ngtcp2_conn_get_path2(conn_.get()));
    if (flow != flow_ && flow != unproven_flow_) {
        flow_ = flow;
        path_news_ = true;
        black_hole_.reset();
        offload_.reset();
        ++context_.counters.migrations;
    }
}

std::size_t Connection::compute_datagram_size() const noexcept {
    const std::size_t id_size = ngtcp2_conn_get_dcid2(conn_.get())->datalen;
    const std::size_t path_max =
        std::min(ngtcp2_conn_get_path_max_tx_udp_payload_size2(conn_.get()), udp_payload_max());
    if (!established_) {
        return role_ == Role::Client && tls_->early_data_offered()
                   ? early_datagram_payload(path_max, id_size)
                   : 0;
    }
    const ngtcp2_transport_params* const peer =
        ngtcp2_conn_get_remote_transport_params2(conn_.get());
    if (peer == nullptr || peer->max_datagram_frame_size == 0) {
        return 0;
    }
    const auto udp_max = std::min<std::uint64_t>(path_max, peer->max_udp_payload_size);
    const auto frame_max = peer->max_datagram_frame_size - 1;
    return static_cast<std::size_t>(
        std::min<std::uint64_t>(datagram_payload(static_cast<std::size_t>(udp_max), id_size),
                                frame_max > 4 ? frame_max - 4 : 0));
}

void Connection::refresh_datagram_size() {
    const std::size_t room = compute_datagram_size();
    if (room != datagram_bytes_max_) {
        datagram_bytes_max_ = room;
        size_news_ = established_;
    }
}

// --- Caller's wishes ---------------------------------------------------------------------------

base::Status Connection::send_datagram(std::span<const base::ByteView> parts, std::uint32_t token) {
    std::size_t size = 0;
    for (const base::ByteView part : parts) {
        size += part.size();
    }
    if (size > datagram_bytes_max_ || size == 0) {
        return base::fail(ErrorCode::kDatagramTooLarge, "datagram does not fit the path");
    }
    if (!datagrams_.push(parts, token)) {
        ++datagrams_dropped_;
        return base::fail(ErrorCode::kQueueFull, "datagram queue is full");
    }
    return {};
}

std::size_t Connection::datagram_room() const noexcept {
    if (datagram_bytes_max_ == 0) {
        return 0;
    }
    // Payload is counted against windows of whole packets: what fills the room fills the window,
    // so that the flush which says "nothing more to send" (write.cpp) finds it full.
    const std::size_t burst =
        std::max(ngtcp2_conn_get_send_quantum2(conn_.get()), datagram_bytes_max_);
    const std::uint64_t window = ngtcp2_conn_get_cwnd_left2(conn_.get());
    const auto next = static_cast<std::size_t>(std::min<std::uint64_t>(window, burst));
    const std::size_t wanted =
        std::min(next + datagram_bytes_max_, context_.options.datagram_queue_bytes_max);
    return wanted - std::min(wanted, datagrams_.bytes());
}

base::Result<StreamId> Connection::open_stream() {
    StreamId id = 0;
    // Streams wait for the handshake: 0-RTT could be replayed, and is lost when refused.
    if (!established_ || ngtcp2_conn_open_bidi_stream(conn_.get(), &id, nullptr) != 0) {
        return base::fail(ErrorCode::kFlowBlocked, "the peer allows no further stream yet");
    }
    streams_.open(id);
    return id;
}

base::Status Connection::write_stream(StreamId id, base::ByteView bytes, bool fin) {
    Stream* const stream = streams_.find(id);
    if (stream == nullptr || stream->gone || stream->sender.finished()) {
        return base::fail(ErrorCode::kNotFound, "no such stream to write to");
    }
    if (stream->sender.held_bytes() + bytes.size() > context_.options.stream_send_bytes_max) {
        return base::fail(ErrorCode::kQueueFull, "stream send queue is full");
    }
    stream->sender.append(bytes, fin);
    streams_.update_sendable(id, *stream);
    return {};
}

void Connection::reset_stream(StreamId id, std::uint64_t error_code) {
    Stream* const stream = streams_.find(id);
    if (stream == nullptr) {
        return;
    }
    stream->sender.abandon();
    const int status = ngtcp2_conn_shutdown_stream(conn_.get(), 0, id, error_code);
    if (status != 0) {
        end_with(status);
    }
}

base::Status Connection::migrate(base::Instant now, const net::SocketAddress& local,
                                 bool immediate) {
    now_ = now;
    if (role_ != Role::Client || !confirmed_) {
        return base::fail(ErrorCode::kUnsupported, "only a confirmed dialler may migrate");
    }
    net::FlowAddresses flow = flow_of(*ngtcp2_conn_get_path2(conn_.get()));
    if (flow.local == local) {
        return {};
    }
    flow.local = local;
    const Path path(flow);
    const int status =
        immediate
            ? ngtcp2_conn_initiate_immediate_migration(conn_.get(), &path.get(), now.nanoseconds())
            : ngtcp2_conn_initiate_migration(conn_.get(), &path.get(), now.nanoseconds());
    if (status != 0) {
        return base::fail(ErrorCode::kQuicFailure, "cannot migrate", status);
    }
    refresh_datagram_size();
    return {};
}

base::Status Connection::update_keys(base::Instant now) {
    const int status = confirmed_ ? ngtcp2_conn_initiate_key_update(conn_.get(), now.nanoseconds())
                                  : NGTCP2_ERR_INVALID_STATE;
    if (status != 0) {
        return base::fail(ErrorCode::kQuicFailure, "too early for a key update", status);
    }
    return {};
}

}  // namespace qe::quic
