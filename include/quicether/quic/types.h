// SPDX-License-Identifier: Apache-2.0
//
// The values that cross the border of the QUIC module: options, requests, events, counters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "quicether/base/bytes.h"
#include "quicether/base/error.h"
#include "quicether/base/slot_map.h"
#include "quicether/base/time.h"
#include "quicether/crypto/identity.h"
#include "quicether/crypto/trust.h"
#include "quicether/net/datagram.h"

namespace qe::quic {

struct ConnectionTag;
using ConnectionHandle = base::Handle<ConnectionTag>;
using StreamId = std::int64_t;

/// 6 bytes keep a 1420-byte packet whole inside the 1452-byte UDP payload of IPv6 over Ethernet.
inline constexpr std::size_t kConnectionIdSize = 6;
inline constexpr std::size_t kTransmitBufferMin = 2048;
inline constexpr std::size_t kCloseReasonBytesMax = 128;
inline constexpr std::size_t kReceivedDatagramBytesMax = 4U << 20;
/// TLS ALPN identifier (RFC 7301) of the overlay protocol, version 1.
inline constexpr std::string_view kAlpn = "quicether/1";

enum class CongestionControl : std::uint8_t { Bbr, Cubic };

struct EndpointOptions {
    CongestionControl congestion_control = CongestionControl::Bbr;
    base::Duration idle_timeout = base::seconds(15);
    /// PING after this much silence, 0: none. Only the client asks: its question and the answer
    /// tell both ends, and keep the state of NATs, which stand before clients.
    base::Duration keep_alive = base::seconds(3);
    base::Duration handshake_timeout = base::seconds(5);
    std::size_t connections_max = 20'000;
    /// Unfinished incoming handshakes above which every Initial is answered with Retry (RFC 9000,
    /// 8.1.2), and the number above which Initials are dropped.
    std::size_t half_open_retry_threshold = 64;
    std::size_t half_open_max = 1024;
    std::size_t datagram_queue_bytes_max = 1U << 20;  ///< Per connection, unsent overlay datagrams.
    std::size_t stream_send_bytes_max = 256U << 10;   ///< Per stream, unsent and unacknowledged.
    std::size_t stream_window_bytes = 64U << 10;      ///< Receive window a stream.
    /// Largest UDP payload to probe for (PLPMTUD, RFC 8899), bytes.
    std::size_t udp_payload_bytes_max = 1472;
};

/// What a finished connection leaves behind for a faster next one. Opaque and secret: the session
/// ticket with its keys, the peer's transport parameters, and the address-validation token.
struct Resumption {
    base::Bytes session;
    base::Bytes transport_parameters;
    base::Bytes token;
};

/// What this node shows in handshakes: a certificate from its network (DER over the node key), or
/// without one a self-signed certificate with these attributes, renewed by itself.
struct Credential {
    base::Bytes certificate;
    base::Bytes attributes;
};

struct ConnectRequest {
    net::FlowAddresses flow;
    /// The handshake fails with kWrongIdentity if the peer proves any other key.
    crypto::NodeId expected;
    const Resumption* resumption = nullptr;  ///< Copied; nullptr: full handshake.
};

enum class Role : std::uint8_t { Client, Server };

enum class CloseCause : std::uint8_t {
    HandshakeTimeout,
    IdleTimeout,
    StatelessReset,
    PeerClosed,      ///< CONNECTION_CLOSE of the application; code and reason are the peer's.
    TransportError,  ///< CONNECTION_CLOSE of the transport, ours or the peer's.
    TlsAlert,        ///< The peer refused us (code = alert), e.g. we are not on its list.
    PeerRefused,     ///< We refused the peer: `error` says why (trust, identity, certificate).
    VersionMismatch,
    LocalError,
};
[[nodiscard]] std::string_view to_text(CloseCause cause) noexcept;

/// The handshake is complete and the peer's identity proven and trusted.
struct Connected {
    ConnectionHandle connection;
    Role role = Role::Client;
    net::FlowAddresses flow;
    crypto::PublicKey key;
    crypto::NodeId node_id;
    crypto::TrustRule rule = crypto::TrustRule::AllowList;
    base::Bytes attributes;            ///< Of its certificate; what they mean depends on the rule.
    bool resumed = false;              ///< The TLS session was resumed.
    bool early_data_accepted = false;  ///< 0-RTT datagrams were taken by the peer.
};

/// In-order bytes of a stream; `fin` marks its end, `reset` that the peer abandoned it.
struct StreamData {
    ConnectionHandle connection;
    StreamId stream = 0;
    base::Bytes bytes;
    bool fin = false;
    bool reset = false;
};

/// The peer's or our address changed and the new path is validated.
struct PathChanged {
    ConnectionHandle connection;
    net::FlowAddresses flow;
};

/// datagram_bytes_max() changed (PLPMTUD, path change).
struct DatagramSizeChanged {
    ConnectionHandle connection;
    std::size_t bytes_max = 0;
};

/// Segmented sends (GSO) turned out to harm this path and stop, or to be harmless again. Losses are
/// shares from 0 to 1, of packets sent segmented and singly in the trial that decided.
struct OffloadChanged {
    ConnectionHandle connection;
    bool off = false;
    double burst_loss = 0;
    double single_loss = 0;
};

/// A fresher Resumption for the peer of this connection.
struct ResumptionReady {
    ConnectionHandle connection;
    Resumption resumption;
};

/// The connection is gone; its handle is stale. For a connection that never finished its handshake
/// `key` is empty unless the peer had shown one.
struct Closed {
    ConnectionHandle connection;
    Role role = Role::Client;
    CloseCause cause = CloseCause::LocalError;
    net::FlowAddresses flow;
    std::optional<crypto::PublicKey> key;
    base::Error error;            ///< Ours, for PeerRefused, TransportError and LocalError.
    std::uint64_t peer_code = 0;  ///< The peer's error code or TLS alert.
    std::string reason;           ///< The peer's reason phrase, printable characters only.
};

using Event = std::variant<Connected, StreamData, PathChanged, DatagramSizeChanged, OffloadChanged,
                           ResumptionReady, Closed>;

/// One overlay datagram in the endpoint's receive arena. `early`: it came in 0-RTT and may be a
/// replay (RFC 9001, 9.2); the identity behind it is proven by the resumed session's key only.
struct ReceivedDatagram {
    ConnectionHandle connection;
    base::MutableBytes bytes;
    bool early = false;
};

/// What became of a datagram that was sent with a token (Endpoint::send_datagram).
struct DatagramFate {
    ConnectionHandle connection;
    std::uint32_t token = 0;
    bool lost = false;  ///< Else acknowledged.
};

/// What judging a path needs, without the texts of ConnectionInfo: cheap enough for every round.
struct PathMetrics {
    base::Duration smoothed_rtt{0};
    base::Duration min_rtt{0};
    base::Duration rtt_variation{0};
    base::Duration pto{0};
    std::uint64_t congestion_window_bytes = 0;
    std::uint64_t bytes_in_flight = 0;
    std::uint64_t bytes_delivered = 0;  ///< Sent, and neither lost nor in flight.
    std::uint64_t bytes_sent = 0;       ///< UDP payload.
    std::uint64_t bytes_received = 0;
    std::uint64_t packets_sent = 0;
    std::uint64_t packets_lost = 0;
    base::Instant last_acknowledged_at;
    base::Instant last_received_at;
};

struct ConnectionInfo {
    Role role = Role::Client;
    net::FlowAddresses flow;
    /// The peer's key once it is proven; before Connected, the key of the session being resumed,
    /// which is whom `early` datagrams claim to come from. Empty while neither is known.
    std::optional<crypto::PublicKey> key;
    base::Duration smoothed_rtt{0};
    base::Duration latest_rtt{0};
    base::Duration min_rtt{0};
    base::Duration rtt_variation{0};
    base::Duration pto{0};
    std::uint64_t congestion_window_bytes = 0;
    std::uint64_t bytes_in_flight = 0;
    std::uint64_t bytes_sent = 0;  ///< UDP payload.
    std::uint64_t bytes_received = 0;
    std::uint64_t packets_sent = 0;
    std::uint64_t packets_received = 0;
    std::uint64_t packets_lost = 0;
    std::uint64_t datagrams_dropped = 0;  ///< Refused by the full send queue.
    std::size_t datagram_queue_bytes = 0;
    std::size_t udp_payload_bytes = 0;  ///< Current PLPMTUD result.
    std::size_t datagram_bytes_max = 0;
    bool segmentation_offload = true;  ///< Packets may leave in segmented sends now.
    bool offload_off = false;          ///< The verdict, see OffloadChanged.
    double burst_loss = 0;             ///< Share lost of segmented packets, see OffloadChanged.
    double single_loss = 0;
    base::Instant established_at;
    base::Instant last_received_at;      ///< Of an authenticated packet.
    base::Instant last_acknowledged_at;  ///< When the peer last acknowledged something new.
    bool handshake_confirmed = false;
    std::string_view cipher;         ///< Static, e.g. "TLS_AES_128_GCM_SHA256"
    std::string key_exchange;        ///< e.g. "X25519MLKEM768"
    std::string congestion_control;  ///< "bbr" or "cubic"
};

struct EndpointCounters {
    std::uint64_t datagrams_received = 0;
    std::uint64_t datagrams_malformed = 0;   ///< No QUIC packet could be parsed from it.
    std::uint64_t datagrams_unroutable = 0;  ///< Short header of a connection we do not know.
    std::uint64_t packets_rejected = 0;      ///< Failed decryption, duplicates, bad frames.
    std::uint64_t initials_dropped = 0;      ///< half_open_max or connections_max was met.
    std::uint64_t retries_sent = 0;
    std::uint64_t version_negotiations_sent = 0;
    std::uint64_t stateless_resets_sent = 0;
    std::uint64_t stateless_resets_received = 0;
    std::uint64_t handshakes_started = 0;
    std::uint64_t handshakes_completed = 0;
    std::uint64_t handshakes_failed = 0;
    std::uint64_t peers_refused = 0;  ///< Identity, trust or certificate.
    std::uint64_t early_data_accepted = 0;
    std::uint64_t early_data_rejected = 0;
    std::uint64_t migrations = 0;
    std::uint64_t key_updates = 0;
    std::uint64_t black_holes = 0;  ///< Paths that began to swallow large packets (RFC 8899, 4.3).
    std::uint64_t offload_trials = 0;  ///< Heavy loss of segmented packets was looked into.
    std::uint64_t offload_off = 0;     ///< Paths that turned out to lose segmented packets only.
    std::uint64_t receive_arena_drops = 0;
    std::uint64_t event_queue_drops = 0;
};

}  // namespace qe::quic
