// SPDX-License-Identifier: Apache-2.0
//
// Endpoint: all QUIC connections of one node, as a state machine without I/O.
//
// Bytes and time go in through handle_*(), bytes come out of poll_transmit(), news come out of
// poll_event() and datagrams(). A driver's cycle:
//
//     endpoint.handle_datagrams(now, received);      // or handle_timeout(now)
//     while (auto event = endpoint.poll_event()) …   // connection news, stream bytes
//     for (const auto& d : endpoint.datagrams()) …   // overlay datagrams (views, see below)
//     endpoint.clear_datagrams();
//     while (auto t = endpoint.poll_transmit(now, buffer)) send(*t, buffer);
//     wait until endpoint.next_deadline() or more input
//
// It never calls out, so it cannot be re-entered. It owns demultiplexing by connection id, version
// negotiation, Retry under load, stateless reset, and both ends' mutual TLS 1.3 handshake
// (RFC 9000, 9001, 9002, 9221, 8899). It does not know peers, sessions or IP packets: `node` does.
//
// Connection ids are kConnectionIdSize bytes whose first byte is >= 0x80, so that a KRPC message on
// the same UDP port (second byte '1'..'9') can never be mistaken for one of our short headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "quicether/base/bytes.h"
#include "quicether/base/log.h"
#include "quicether/base/result.h"
#include "quicether/base/rng.h"
#include "quicether/base/slot_map.h"
#include "quicether/base/time.h"
#include "quicether/crypto/identity.h"
#include "quicether/crypto/trust.h"
#include "quicether/net/datagram.h"
#include "quicether/quic/types.h"

namespace qe::quic {

class Endpoint {
  public:
    /// Builds the TLS contexts. `wall_now` dates the first certificate.
    /// Errors: kTlsFailure, kCryptoFailure.
    [[nodiscard]] static base::Result<std::unique_ptr<Endpoint>> make(
        const EndpointOptions& options, const crypto::Identity& identity, base::Rng rng,
        base::Log log, base::UnixTime wall_now);
    ~Endpoint();
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    // --- Whom to believe, and when it is -------------------------------------------------------
    /// Replaces the allow-list. Live connections are not re-checked: the caller closes those it no
    /// longer wants. Resumed sessions are checked against the current list.
    void set_trust(crypto::Trust trust);
    /// Changes what this node shows; before the first call, a self-signed certificate without
    /// attributes. Errors: kTlsFailure (the certificate is not over our key), kTooLarge; what was
    /// shown before may be shown on.
    base::Status set_credential(Credential credential);
    /// Wall time for certificate checks; call at least hourly. Renews our own certificate when half
    /// of its life is over; existing connections keep theirs.
    base::Status set_wall_clock(base::UnixTime wall_now);

    // --- Input ---------------------------------------------------------------------------------
    /// One received block (one datagram, or a GRO batch of equal segments). Never fails: what
    /// cannot be used is counted and dropped.
    void handle_datagrams(base::Instant now, const net::ReceivedDatagrams& received);
    /// To be called when next_deadline() has come; harmless at any other time.
    void handle_timeout(base::Instant now);

    // --- Output --------------------------------------------------------------------------------
    /// Writes the next datagrams to send into `buffer` (>= kTransmitBufferMin bytes): one, or
    /// several of equal size when `buffer` has room for them. Nothing when all is sent.
    [[nodiscard]] std::optional<net::TransmitDatagrams> poll_transmit(base::Instant now,
                                                                      base::MutableBytes buffer);
    [[nodiscard]] std::optional<Event> poll_event();
    /// Datagrams received since the last clear_datagrams(), in order of arrival. The views stay
    /// valid until clear_datagrams(). Bounded: handle fewer bytes between two clears than
    /// kReceivedDatagramBytesMax, or the surplus is dropped and counted.
    [[nodiscard]] std::span<const ReceivedDatagram> datagrams() const noexcept;
    void clear_datagrams() noexcept;
    /// What became of datagrams sent with a token, since the last clear_datagram_fates(). A
    /// datagram told lost may have arrived all the same. A connection that ends tells nothing of
    /// what it had in flight.
    [[nodiscard]] std::span<const DatagramFate> datagram_fates() const noexcept;
    void clear_datagram_fates() noexcept;
    [[nodiscard]] base::Instant next_deadline() const noexcept;

    // --- Connections ---------------------------------------------------------------------------
    /// Starts a handshake with the holder of `request.expected`; the outcome is an event.
    /// With a remembered session the first flight may carry 0-RTT datagrams.
    /// Errors: kQuicFailure, kTlsFailure, kTableFull-like kQueueFull when connections_max is met.
    [[nodiscard]] base::Result<ConnectionHandle> connect(base::Instant now,
                                                         const ConnectRequest& request);
    /// Queues one overlay datagram: the concatenation of `parts`, copied. A full queue drops it.
    /// With a token (not 0) its fate will be told.
    /// Errors: kNoSuchConnection, kDatagramTooLarge (bigger than datagram_bytes_max), kQueueFull.
    [[nodiscard]] base::Status send_datagram(ConnectionHandle connection,
                                             std::span<const base::ByteView> parts,
                                             std::uint32_t token = 0);
    /// Datagram bytes worth queueing now: what congestion window and pacing let out in the next
    /// burst, and one datagram more, less what is queued. A caller with a queue of its own (fair,
    /// shared by paths) keeps the endpoint's queue this short; the one datagram more tells the
    /// congestion controller that there is more to come. 0 while none may be sent.
    [[nodiscard]] std::size_t datagram_room(ConnectionHandle connection) const noexcept;
    /// Datagram bytes that wait in the endpoint's queue for congestion window or pacing.
    [[nodiscard]] std::size_t datagram_bytes_waiting(ConnectionHandle connection) const noexcept;
    /// Bytes one datagram may hold on this connection now; 0 while none may be sent.
    [[nodiscard]] std::size_t datagram_bytes_max(ConnectionHandle connection) const noexcept;
    /// Opens a bidirectional stream. Errors: kNoSuchConnection, kFlowBlocked (peer's limit).
    [[nodiscard]] base::Result<StreamId> open_stream(ConnectionHandle connection);
    /// Appends bytes to a stream's send queue (copied), at most stream_send_bytes_max unsent.
    /// Errors: kNoSuchConnection, kNotFound, kQueueFull (nothing was taken).
    [[nodiscard]] base::Status write_stream(ConnectionHandle connection, StreamId stream,
                                            base::ByteView bytes, bool fin = false);
    /// Abandons both directions of a stream.
    void reset_stream(ConnectionHandle connection, StreamId stream, std::uint64_t error_code);
    /// Sends CONNECTION_CLOSE (application, RFC 9000 19.19) and forgets the connection after the
    /// closing period. `reason` is cut to kCloseReasonBytesMax. No Closed event follows.
    void close(base::Instant now, ConnectionHandle connection, std::uint64_t error_code,
               std::string_view reason);
    /// Moves a connection that we dialled to another local address (RFC 9000, 9). `immediate`: the
    /// old address is gone, do not wait for validation. Errors: kNoSuchConnection, kUnsupported
    /// (we are the server, or the handshake is not confirmed), kQuicFailure.
    [[nodiscard]] base::Status migrate(base::Instant now, ConnectionHandle connection,
                                       const net::SocketAddress& local, bool immediate);
    /// Asks for a key update (RFC 9001, 6). Errors: kNoSuchConnection, kQuicFailure (too early).
    [[nodiscard]] base::Status update_keys(base::Instant now, ConnectionHandle connection);
    /// Sends a PING soon, so that liveness can be judged.
    void probe(base::Instant now, ConnectionHandle connection);

    [[nodiscard]] std::optional<ConnectionInfo> info(ConnectionHandle connection) const;
    [[nodiscard]] std::optional<PathMetrics> metrics(ConnectionHandle connection) const noexcept;
    [[nodiscard]] const EndpointCounters& counters() const noexcept;
    [[nodiscard]] std::size_t connection_count() const noexcept;

  private:
    class Impl;
    explicit Endpoint(std::unique_ptr<Impl> impl) noexcept;
    std::unique_ptr<Impl> impl_;
};

}  // namespace qe::quic
