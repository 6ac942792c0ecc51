// SPDX-License-Identifier: Apache-2.0
//
// Courier: makes datagrams of queries and answers, keeps those that wait for the shell, and the
// transactions that wait for answers.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "dht/message_writer.h"
#include "dht/network_mac.h"
#include "dht/transactions.h"
#include "quicether/dht/dht.h"

namespace qe::dht {

/// No message of ours is larger: it crosses every path that carries QUIC's 1200 bytes and more of
/// them whole where the path allows; BEP 44 items with their framing need 1300.
inline constexpr std::size_t kMessageBytesMax = 1400;

class Courier {
  public:
    Courier(const DhtConfig& config, base::Rng& rng) noexcept;

    /// Sends a query of this node. False when too much is under way; then nothing was sent.
    bool send_query(base::Instant now, const Contact& to, Query query, Transaction transaction);
    [[nodiscard]] bool can_ask() const noexcept {
        return transactions_.size() < Transactions::kCountMax;
    }

    struct Answer {
        net::SocketAddress to;
        base::ByteView transaction;
        std::size_t bytes_max = kMessageBytesMax;
    };
    /// False: does not fit into `bytes_max`; nothing was sent.
    bool send_response(const Answer& answer, const ReplyFields& reply);
    void send_error(const Answer& answer, KrpcError code, std::string_view text);

    [[nodiscard]] std::optional<Transmit> poll_transmit();

    [[nodiscard]] Transactions& transactions() noexcept { return transactions_; }
    [[nodiscard]] const Transactions& transactions() const noexcept { return transactions_; }
    [[nodiscard]] DhtCounters& counters() noexcept { return counters_; }
    [[nodiscard]] const DhtCounters& counters() const noexcept { return counters_; }
    [[nodiscard]] const NetworkMac& mac() const noexcept { return mac_; }
    [[nodiscard]] bool read_only() const noexcept { return read_only_; }
    void set_read_only(bool read_only) noexcept { read_only_ = read_only; }
    [[nodiscard]] const NodeId& id() const noexcept { return id_; }
    void set_id(const NodeId& id) noexcept { id_ = id; }

  private:
    bool enqueue(const net::SocketAddress& to, base::MutableBytes message);

    NodeId id_;
    bool read_only_;
    NetworkMac mac_;
    Transactions transactions_;
    DhtCounters counters_;
    std::vector<Transmit> outbox_;
    std::size_t sent_ = 0;  ///< Front of the outbox that was fetched already.
};

}  // namespace qe::dht
