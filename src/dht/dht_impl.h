// SPDX-License-Identifier: Apache-2.0
//
// Dht::Impl: the parts of a Dht and how input reaches them. It decides nothing itself.
#pragma once

#include "dht/address_votes.h"
#include "dht/operations.h"
#include "dht/publications.h"
#include "dht/responder.h"
#include "dht/starter.h"
#include "quicether/dht/dht.h"

namespace qe::dht {

class Dht::Impl {
  public:
    Impl(const DhtConfig& config, base::Rng rng, base::Instant now);

    bool handle_datagram(base::Instant now, const net::SocketAddress& from, base::ByteView bytes);
    void handle_deadline(base::Instant now);
    [[nodiscard]] base::Instant next_deadline() const;
    [[nodiscard]] std::optional<Transmit> poll_transmit() { return courier_.poll_transmit(); }
    [[nodiscard]] std::optional<Event> poll_event();

    void bootstrap(base::Instant now, std::span<const net::SocketAddress> endpoints);
    [[nodiscard]] base::Result<OperationId> start(base::Instant now, Operation operation,
                                                  Keep keep);
    void withdraw(const NodeId& target) { publications_.withdraw(target); }
    void set_read_only(bool read_only) noexcept { courier_.set_read_only(read_only); }
    void set_id(base::Instant now, const NodeId& id);

    [[nodiscard]] const Tables& tables() const noexcept { return tables_; }
    [[nodiscard]] DhtStatus status() const;
    [[nodiscard]] std::vector<NodeInfo> nodes(base::Instant now) const;

  private:
    /// What can be told of a datagram before it is parsed.
    [[nodiscard]] bool may_pass(base::Instant now, const net::SocketAddress& from,
                                base::ByteView bytes);
    /// Strangers and floods are limited twice: before the MAC costs time, and before the answer.
    [[nodiscard]] bool is_within_limits(base::Instant now, const net::SocketAddress& from,
                                        base::ByteView bytes);
    void dispatch(base::Instant now, const net::SocketAddress& from, std::size_t size,
                  const Message& message);
    void on_query(base::Instant now, const Responder::Received& received, const Query& query);
    void on_response(base::Instant now, const Transaction& asked, const Response& response);
    void on_error(base::Instant now, const Transaction& asked, const ErrorReply& error);
    void on_silence(base::Instant now, const Transaction& asked);
    /// The operation that asked gets no answer out of it.
    void disappoint(base::Instant now, const Transaction& asked);
    void on_named(const Response& response);
    /// What the end of operations and the passing of time call for.
    void settle(base::Instant now);
    void settle_finished(base::Instant now);
    void begin_refresh(base::Instant now, const NodeId& target,
                       std::vector<net::SocketAddress> starts);
    void set_settled(bool settled) noexcept;
    [[nodiscard]] unsigned deepest_bucket() const noexcept;

    DhtConfig config_;
    base::Rng rng_;
    Tables tables_;
    Courier courier_;
    Responder responder_;
    Upkeep upkeep_;
    Operations operations_;
    Publications publications_;
    Starter starter_;
    AddressVotes votes_;
    base::Instant next_expiry_;
    OperationId starting_;  ///< The lookup that the starter waits for.
    std::vector<Event> events_;
    std::size_t events_taken_ = 0;
};

}  // namespace qe::dht
