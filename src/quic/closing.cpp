// SPDX-License-Identifier: Apache-2.0
//
// Connection, part of: how it ends, what the peer is told and what the caller learns.
//
// | what happened                            | to the peer              | Closed::cause          |
// |------------------------------------------|--------------------------|------------------------|
// | close() of our caller                    | CONNECTION_CLOSE (app)   | no event               |
// | idle or handshake time is over           | nothing (RFC 9000, 10.1) | Idle-/HandshakeTimeout |
// | CONNECTION_CLOSE received                | nothing, draining        | PeerClosed, TlsAlert,  |
// |                                          |                          | TransportError         |
// | stateless reset received                 | nothing, draining        | StatelessReset         |
// | we refuse the certificate                | TLS alert                | PeerRefused            |
// | a protocol error of the peer             | CONNECTION_CLOSE         | TransportError         |
#include <algorithm>
#include <array>

#include "quic/connection.h"
#include "quic/sockaddr.h"

namespace qe::quic {
namespace {

using base::ErrorCode;

constexpr std::uint64_t kCryptoErrorMask = 0xFF;
/// A closing or draining connection is remembered for three PTOs (RFC 9000, 10.2), within reason.
constexpr base::Duration kLingerMax = base::seconds(3);
constexpr std::size_t kClosePacketMax = NGTCP2_MAX_UDP_PAYLOAD_SIZE;

std::string printable(base::ByteView phrase) {
    const std::string_view text =
        base::as_text(phrase.first(std::min(phrase.size(), kCloseReasonBytesMax)));
    std::string result;
    for (const char c : text) {
        result.push_back(c >= ' ' && c <= '~' ? c : '?');
    }
    return result;
}

}  // namespace

base::Duration Connection::closing_period() const noexcept {
    const auto pto = base::Duration(static_cast<std::int64_t>(ngtcp2_conn_get_pto2(conn_.get())));
    return std::min(3 * pto, kLingerMax);
}

base::Bytes Connection::write_close(const ngtcp2_ccerr& reason) {
    base::Bytes packet(kClosePacketMax);
    ngtcp2_path_storage path;
    ngtcp2_path_storage_zero(&path);
    ngtcp2_pkt_info info{};
    const ngtcp2_ssize size = ngtcp2_conn_write_connection_close(
        conn_.get(), &path.path, &info, base::as_u8(base::MutableBytes(packet)), packet.size(),
        &reason, now_.nanoseconds());
    // Negative before the first packet: the peer then knows nothing of us anyway.
    packet.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return packet;
}

void Connection::close(base::Instant now, std::uint64_t error_code, std::string_view reason) {
    now_ = now;
    const std::string_view cut = reason.substr(0, kCloseReasonBytesMax);
    ngtcp2_ccerr ccerr{};
    ngtcp2_ccerr_set_application_error(&ccerr, error_code, base::as_u8(base::as_bytes(cut)),
                                       cut.size());
    Ending ending;
    ending.packet = write_close(ccerr);
    ending.flow = flow_of(*ngtcp2_conn_get_path2(conn_.get()));
    ending.linger = closing_period();
    ending_ = std::move(ending);
}

void Connection::finish(CloseCause cause, const base::Error& error) {
    Closed event;
    event.connection = handle_;
    event.role = role_;
    event.cause = cause;
    event.flow = flow_of(*ngtcp2_conn_get_path2(conn_.get()));
    event.key = tls_->shown_key();
    event.error = error;
    count_ending(event);
    ending_.emplace();
    ending_->flow = event.flow;
    ending_->event = std::move(event);
}

void Connection::count_ending(const Closed& event) {
    EndpointCounters& counters = context_.counters;
    if (!established_) {
        ++counters.handshakes_failed;
    }
    if (event.cause == CloseCause::StatelessReset) {
        ++counters.stateless_resets_received;
    }
    if (event.cause == CloseCause::PeerRefused) {
        ++counters.peers_refused;
        if (const auto held = context_.refusal_log.admit(now_)) {
            context_.log.debug("refused {}: {} ({} more held back)", event.flow.remote.to_string(),
                               event.error.text, *held);
        }
        return;
    }
    if (const auto held = context_.failure_log.admit(now_)) {
        context_.log.debug("connection with {} ended: {} {} ({} more held back)",
                           event.flow.remote.to_string(), to_text(event.cause), event.error.text,
                           *held);
    }
}

void Connection::end_with(int library_error) {
    switch (library_error) {
        case NGTCP2_ERR_DRAINING:
        case NGTCP2_ERR_CLOSING:
            end_by_peer();
            return;
        case NGTCP2_ERR_DROP_CONN:
        case NGTCP2_ERR_RETRY:
            // Not a connection at all: the first packet was damaged or forged. Not worth an event.
            ++context_.counters.handshakes_failed;
            ending_.emplace();
            return;
        case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
            finish(CloseCause::VersionMismatch,
                   {ErrorCode::kUnsupported, library_error, "the peer speaks no QUIC version 1"});
            return;
        default:
            end_by_us(library_error);
    }
}

void Connection::end_on_expiry(int library_error) {
    if (library_error == NGTCP2_ERR_HANDSHAKE_TIMEOUT ||
        (library_error == NGTCP2_ERR_IDLE_CLOSE && !established_)) {
        finish(CloseCause::HandshakeTimeout, {ErrorCode::kClosed, library_error, "no handshake"});
    } else if (library_error == NGTCP2_ERR_IDLE_CLOSE) {
        finish(CloseCause::IdleTimeout, {ErrorCode::kClosed, library_error, "silence"});
    } else {
        end_with(library_error);
    }
}

void Connection::end_by_peer() {
    const base::Error closed{ErrorCode::kClosed, 0, "closed by the peer"};
    if (reset_received_) {
        finish(CloseCause::StatelessReset, closed);
    } else {
        const ngtcp2_ccerr* const reason = ngtcp2_conn_get_ccerr2(conn_.get());
        const bool application = reason->type == NGTCP2_CCERR_TYPE_APPLICATION;
        const bool alert = !application && reason->error_code >= NGTCP2_CRYPTO_ERROR &&
                           reason->error_code <= NGTCP2_CRYPTO_ERROR + kCryptoErrorMask;
        const CloseCause cause = application ? CloseCause::PeerClosed
                                 : alert     ? CloseCause::TlsAlert
                                             : CloseCause::TransportError;
        finish(cause, closed);
        ending_->event->peer_code =
            alert ? reason->error_code & kCryptoErrorMask : reason->error_code;
        ending_->event->reason = printable(base::from_u8(reason->reason, reason->reasonlen));
    }
    ending_->linger = closing_period();
}

void Connection::end_by_us(int library_error) {
    ngtcp2_ccerr ccerr{};
    const auto& refusal = tls_->refusal();
    if (refusal) {
        ngtcp2_ccerr_set_tls_alert(&ccerr, alert_for(*refusal), nullptr, 0);
        finish(CloseCause::PeerRefused, *refusal);
    } else if (library_error == NGTCP2_ERR_CRYPTO) {
        const std::uint8_t alert = ngtcp2_conn_get_tls_alert2(conn_.get());
        ngtcp2_ccerr_set_tls_alert(&ccerr, alert, nullptr, 0);
        finish(CloseCause::TransportError, {ErrorCode::kTlsFailure, alert, "TLS handshake failed"});
    } else {
        ngtcp2_ccerr_set_liberr(&ccerr, library_error, nullptr, 0);
        const bool ours = ngtcp2_err_is_fatal(library_error) != 0;
        finish(ours ? CloseCause::LocalError : CloseCause::TransportError,
               {ErrorCode::kQuicFailure, library_error, ngtcp2_strerror(library_error)});
    }
    ending_->packet = write_close(ccerr);
    ending_->linger = closing_period();
}

}  // namespace qe::quic
