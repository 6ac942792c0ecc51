// SPDX-License-Identifier: Apache-2.0
//
// Endpoint::Impl: the connections of an endpoint and whose turn it is.
//
// Three indexes keep the work per packet independent of the number of connections: the table of
// ids, the list of connections that may have something to send, and the heap of deadlines. After
// every call into a connection settle() brings all three up to date, or buries it.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "quic/connection.h"
#include "quic/connection_queue.h"
#include "quic/context.h"
#include "quic/deadline_heap.h"
#include "quic/graveyard.h"
#include "quic/stateless.h"
#include "quicether/base/slot_map.h"
#include "quicether/quic/endpoint.h"

namespace qe::quic {

class Endpoint::Impl {
  public:
    Impl(const EndpointOptions& options, const crypto::Identity& identity, base::Rng rng,
         base::Log log, base::UnixTime wall_now);

    base::Status init() { return context_.tls.init(context_.rng); }
    void set_trust(crypto::Trust trust) { context_.tls.set_trust(std::move(trust)); }
    base::Status set_credential(Credential credential) {
        return context_.tls.set_credential(std::move(credential), context_.rng);
    }
    base::Status set_wall_clock(base::UnixTime wall_now) {
        return context_.tls.set_wall_clock(wall_now, context_.rng);
    }

    void handle_datagrams(base::Instant now, const net::ReceivedDatagrams& received);
    void handle_timeout(base::Instant now);
    [[nodiscard]] std::optional<net::TransmitDatagrams> poll_transmit(base::Instant now,
                                                                      base::MutableBytes buffer);
    [[nodiscard]] std::optional<Event> poll_event();
    [[nodiscard]] base::Instant next_deadline() const noexcept;

    [[nodiscard]] base::Result<ConnectionHandle> connect(base::Instant now,
                                                         const ConnectRequest& request);
    void close(base::Instant now, ConnectionHandle handle, std::uint64_t error_code,
               std::string_view reason);

    /// nullptr when the handle is stale.
    [[nodiscard]] Connection* find(ConnectionHandle handle) noexcept {
        return connections_.find(handle);
    }
    /// To be called after a caller's wish has changed the connection.
    void touch(Connection& connection) { settle(connection, Wake::ToWrite); }
    /// The same when only a queue has grown: cheaper, for the data path.
    void wake(ConnectionHandle handle);
    /// The driver's clock, which must not run backwards inside ngtcp2.
    base::Instant advance(base::Instant now) noexcept;

    [[nodiscard]] Context& context() noexcept { return context_; }
    [[nodiscard]] const Context& context() const noexcept { return context_; }
    [[nodiscard]] std::size_t connection_count() const noexcept { return connections_.size(); }

  private:
    enum class Wake : bool { No, ToWrite };

    /// What the list and the heap know of a connection, by slot index.
    struct Agenda {
        ConnectionHandle handle;
        bool listed_to_write = false;
        bool listed_for_news = false;
    };

    /// A run of packets of one batch that belong to the same connection.
    struct Run {
        Connection* connection = nullptr;
        std::size_t packets = 0;
        /// Destination of its last short header: the next packet mostly has the same, which saves
        /// parsing it and a look into the table.
        std::array<std::byte, kConnectionIdSize> id{};
        bool id_known = false;

        [[nodiscard]] bool continues(base::ByteView packet) const noexcept;
        void remember_id(base::ByteView packet) noexcept;
    };

    // Demultiplexing (demultiplex.cpp).
    void handle_packet(Run& run, const net::ReceivedDatagrams& batch, const ngtcp2_path& path,
                       base::ByteView packet);
    void deliver(Run& run, Connection& connection, const net::ReceivedDatagrams& batch,
                 const ngtcp2_path& path, base::ByteView packet);
    void end_run(Run& run);
    void handle_unknown_short(Run& run, const net::ReceivedDatagrams& batch,
                              const ngtcp2_path& path, base::ByteView packet);
    void handle_unknown_long(Run& run, const net::ReceivedDatagrams& batch, const ngtcp2_path& path,
                             base::ByteView packet);
    /// Nothing when the Initial was answered statelessly or dropped.
    [[nodiscard]] std::optional<Acceptance> examine(const net::FlowAddresses& flow,
                                                    const ngtcp2_pkt_hd& header,
                                                    std::size_t received);
    [[nodiscard]] bool examine_token(Acceptance& acceptance, std::size_t received);
    [[nodiscard]] Connection* accept(const Acceptance& acceptance);

    // Bookkeeping (endpoint_impl.cpp).
    [[nodiscard]] Agenda& agenda_of(ConnectionHandle handle);
    void settle(Connection& connection, Wake wake);
    void bury(Connection& connection);
    void report_ending(Connection& connection, Ending& ending);
    [[nodiscard]] std::optional<net::TransmitDatagrams> write_next(base::Instant now,
                                                                   base::MutableBytes buffer);

    Context context_;
    Stateless stateless_;
    Graveyard graveyard_;
    base::SlotMap<Connection, ConnectionTag> connections_;
    std::vector<Agenda> agenda_;
    DeadlineHeap deadlines_;
    ConnectionQueue to_write_;
    ConnectionQueue with_news_;
    std::deque<Event> last_words_;  ///< Events of connections that are gone.
    base::Instant now_;
};

}  // namespace qe::quic
