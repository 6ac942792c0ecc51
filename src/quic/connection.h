// SPDX-License-Identifier: Apache-2.0
//
// Connection: one ngtcp2_conn, its TLS session, its queues, and what its owner should know of it.
//
// Driven by the endpoint alone. Input: read() for each packet of a batch, then after_input();
// on_timeout(); the API calls. Output: write(), deadline(), next_event(). After each of them
// ending() may be set: the connection is over, and the endpoint buries it (closing.cpp says what
// the peer is told and what the caller learns). News wait inside as flags and queues bounded by
// flow control, never as an unbounded list, and are fetched one by one.
//
// ngtcp2 calls back into it (callbacks.cpp) only to append to this state.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <ngtcp2/ngtcp2.h>

#include "quic/black_hole.h"
#include "quic/c_handle.h"
#include "quic/context.h"
#include "quic/datagram_queue.h"
#include "quic/offload_trial.h"
#include "quic/stream_table.h"
#include "quic/tls_session.h"
#include "quicether/base/result.h"
#include "quicether/base/time.h"
#include "quicether/net/datagram.h"
#include "quicether/quic/types.h"

namespace qe::quic {

class PacketBurst;

/// What a connection leaves behind.
struct Ending {
    std::optional<Closed> event;  ///< For the caller; absent after its own close().
    base::Bytes packet;           ///< CONNECTION_CLOSE to send and, within limits, to repeat.
    net::FlowAddresses flow;
    base::Duration linger{0};  ///< How long its ids are still to be recognised.
};

/// The first packet of an incoming connection and what its token proved.
struct Acceptance {
    ngtcp2_pkt_hd header{};
    net::FlowAddresses flow;
    ngtcp2_token_type token_type = NGTCP2_TOKEN_TYPE_UNKNOWN;
    /// After a Retry: the destination id of the client's first Initial.
    std::optional<ngtcp2_cid> first_destination;
    bool address_validated = false;
};

class Connection {
  public:
    explicit Connection(Context& context) noexcept;
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Errors of both: kQuicFailure, kTlsFailure.
    base::Status init_client(base::Instant now, ConnectionHandle handle,
                             const ConnectRequest& request);
    base::Status init_server(base::Instant now, ConnectionHandle handle,
                             const Acceptance& acceptance);

    // --- Input -----------------------------------------------------------------------------------
    void before_input(base::Instant now) noexcept;
    void read(const ngtcp2_path& path, net::Ecn ecn, base::ByteView packet);
    /// `packets`: how many read() calls belong to this batch.
    void after_input(std::size_t packets);
    void on_timeout(base::Instant now);

    // --- Output ----------------------------------------------------------------------------------
    [[nodiscard]] std::optional<net::TransmitDatagrams> write(base::Instant now,
                                                              base::MutableBytes buffer);
    /// write() stopped for want of room, not of things to send.
    [[nodiscard]] bool has_more_to_write() const noexcept { return more_to_write_; }
    [[nodiscard]] base::Instant deadline() const noexcept;
    [[nodiscard]] bool has_news() const noexcept;
    [[nodiscard]] std::optional<Event> next_event();
    [[nodiscard]] std::optional<Ending>& ending() noexcept { return ending_; }

    // --- Caller's wishes (see Endpoint)
    // ------------------------------------------------------------
    base::Status send_datagram(std::span<const base::ByteView> parts, std::uint32_t token);
    [[nodiscard]] std::size_t datagram_bytes_max() const noexcept { return datagram_bytes_max_; }
    [[nodiscard]] std::size_t datagram_room() const noexcept;
    [[nodiscard]] std::size_t datagram_bytes_waiting() const noexcept { return datagrams_.bytes(); }
    [[nodiscard]] base::Result<StreamId> open_stream();
    base::Status write_stream(StreamId stream, base::ByteView bytes, bool fin);
    void reset_stream(StreamId stream, std::uint64_t error_code);
    void close(base::Instant now, std::uint64_t error_code, std::string_view reason);
    base::Status migrate(base::Instant now, const net::SocketAddress& local, bool immediate);
    base::Status update_keys(base::Instant now);
    void probe() noexcept;
    [[nodiscard]] ConnectionInfo info() const;
    [[nodiscard]] PathMetrics metrics() const noexcept;

    [[nodiscard]] ConnectionHandle handle() const noexcept { return handle_; }
    /// The handshake is complete and the peer proven and trusted.
    [[nodiscard]] bool established() const noexcept { return established_; }
    [[nodiscard]] const std::vector<IdKey>& ids() const noexcept { return ids_; }
    /// The ids now belong to somebody else: the destructor leaves them in the table.
    void bequeath_ids() noexcept { ids_.clear(); }

  private:
    friend struct Callbacks;

    /// Datagrams as ngtcp2 tells the fate of: those in packets that only a larger path carries are
    /// told apart by how they left. The first packet of a burst may remain its only one: its id has
    /// the number of the burst above the kind. The upper half of an id is the caller's token.
    static constexpr std::uint64_t kSmallDatagram = 0;
    static constexpr std::uint64_t kLargeFirst = 1;
    static constexpr std::uint64_t kLargeSegmented = 2;
    static constexpr std::uint64_t kLargeSingle = 3;
    static constexpr unsigned kKindBits = 2;
    static constexpr unsigned kTokenShift = 32;
    static constexpr std::size_t kBurstsKept = 1024;

    using NgConn = UniqueHandle<ngtcp2_conn, ngtcp2_conn_del>;

    /// What ngtcp2 has counted, as far as progress is read from it.
    struct Progress {
        std::uint64_t packets_received = 0;
        std::uint64_t bytes_in_flight = 0;
    };

    // Set-up (connection.cpp).
    base::Status make_client(base::Instant now, const ConnectRequest& request,
                             const ngtcp2_cid& own_id);
    base::Status make_server(base::Instant now, const Acceptance& acceptance,
                             const ngtcp2_cid& own_id);
    void finish_set_up();
    /// Silence after which ngtcp2 sends a PING; 0: none.
    [[nodiscard]] ngtcp2_duration keep_alive_interval() const noexcept;
    bool register_id(const ngtcp2_cid& id);
    void unregister_id(const ngtcp2_cid& id);

    // Progress (connection.cpp, handshake.cpp).
    [[nodiscard]] Progress progress() const noexcept;
    void refresh_path();
    void refresh_datagram_size();
    // Progress (path_health.cpp).
    void refresh_black_hole();
    void refresh_offload();
    void on_datagram_fate(std::uint64_t id, bool lost);
    void on_large_fate(std::uint64_t id, bool lost) noexcept;
    /// Takes the first datagram that waits from the queue; it will not be sent.
    void refuse_datagram();
    /// Largest UDP payload that may be written now.
    [[nodiscard]] std::size_t udp_payload_max() const noexcept;
    [[nodiscard]] std::size_t compute_datagram_size() const noexcept;
    /// False: the handshake must fail.
    bool on_handshake_completed();
    void count_early_data();
    void issue_address_token();
    [[nodiscard]] std::optional<Resumption> make_resumption();
    [[nodiscard]] std::optional<Event> fetch_stream_data();

    // Writing (write.cpp).
    void fill(PacketBurst& burst);
    [[nodiscard]] ngtcp2_ssize write_packet(base::MutableBytes room, PacketBurst& burst);
    [[nodiscard]] ngtcp2_ssize write_stream_frame(base::MutableBytes room, PacketBurst& burst);
    [[nodiscard]] ngtcp2_ssize write_datagram_frame(base::MutableBytes room, PacketBurst& burst);
    [[nodiscard]] std::uint64_t fate_id(std::size_t packet_fill,
                                        const PacketBurst& burst) const noexcept;
    [[nodiscard]] bool may_send_data() const noexcept;
    [[nodiscard]] bool stalled() const noexcept;
    void drop_oversized_datagrams();
    void pace(std::size_t written) noexcept;
    void end_probe(std::uint64_t in_flight_before) noexcept;
    [[nodiscard]] net::TransmitDatagrams flush_carry(base::MutableBytes buffer);

    // Ends (closing.cpp).
    void end_with(int library_error);
    void end_on_expiry(int library_error);
    void end_by_peer();
    void end_by_us(int library_error);
    void finish(CloseCause cause, const base::Error& error);
    [[nodiscard]] base::Bytes write_close(const ngtcp2_ccerr& reason);
    [[nodiscard]] base::Duration closing_period() const noexcept;
    void count_ending(const Closed& event);

    Context& context_;
    ConnectionHandle handle_;
    Role role_ = Role::Client;
    base::Instant now_;  ///< Of the call in progress.

    // The TLS session refers to conn_ until it is destroyed, so it comes after it.
    NgConn conn_;
    std::optional<TlsSession> tls_;

    std::vector<IdKey> ids_;           ///< Table entries that lead here.
    std::vector<IdKey> reset_tokens_;  ///< The same for the peer's stateless-reset tokens.

    bool established_ = false;  ///< Handshake complete, peer proven.
    bool confirmed_ = false;    ///< RFC 9001, 4.1.2.
    bool half_open_ = false;    ///< Counted in Context::half_open.
    bool reset_received_ = false;
    bool more_to_write_ = false;
    bool probing_ = false;
    bool timer_fired_ = false;       ///< A timer of ngtcp2's came due since the last write().
    std::size_t unpaced_bytes_ = 0;  ///< Written, not yet told to the pacer.
    bool probe_first_ = false;       ///< The packet being written must be small.
    unsigned key_generations_ = 0;

    DatagramQueue datagrams_;
    std::uint64_t datagrams_dropped_ = 0;
    std::size_t datagram_bytes_max_ = 0;
    BlackHole black_hole_;
    OffloadTrial offload_;
    std::uint64_t bursts_ = 0;             ///< Written so far.
    std::bitset<kBurstsKept> burst_grew_;  ///< Of the last bursts: more than one packet.
    bool offload_told_off_ = false;        ///< What the caller knows.
    std::size_t packet_fill_ = 0;          ///< Datagram bytes in the packet being written.
    StreamTable streams_;

    net::TransmitDatagrams carry_info_;
    base::Bytes carry_;  ///< A packet that did not fit the last burst.

    // News for the caller; each stands for at most one event.
    bool connected_news_ = false;
    bool path_news_ = false;
    bool size_news_ = false;
    bool token_news_ = false;
    bool resumed_ = false;
    bool early_data_accepted_ = false;
    base::Bytes address_token_;   ///< NEW_TOKEN of the server.
    base::Bytes session_ticket_;  ///< The newest one.

    net::FlowAddresses flow_;  ///< The path last told to the caller.
    /// The path whose validation began last, until it succeeds: not told before.
    std::optional<net::FlowAddresses> unproven_flow_;
    Progress before_;
    base::Instant established_at_;
    base::Instant last_received_at_;
    base::Instant last_acknowledged_at_;

    std::optional<Ending> ending_;
};

}  // namespace qe::quic
