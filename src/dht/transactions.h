// SPDX-License-Identifier: Apache-2.0
//
// Transactions: queries that wait for an answer.
//
// Each has a random id and is bound to the endpoint it went to: an answer counts only when both
// match. Nothing is sent twice; who asked tries another node instead. What a query was for travels
// with it as a Purpose.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "dht/message.h"
#include "dht/rtt_estimator.h"
#include "quicether/base/rng.h"

namespace qe::dht {

/// Why a query was sent, hence who is told of its end.
struct Purpose {
    enum class Kind : std::uint8_t {
        Lookup,    ///< `operation` asks candidate `index` of its lookup number `lookup`.
        Store,     ///< `operation` stores at a node.
        Check,     ///< Upkeep of the table.
        Validate,  ///< An answer is held back until the asker is proven.
    };
    Kind kind = Kind::Check;
    bool again = false;  ///< The second question to the same candidate.
    std::uint8_t lookup = 0;
    std::uint16_t index = 0;
    std::uint32_t operation = 0;
};

struct Transaction {
    std::uint32_t id = 0;
    Method method = Method::Ping;
    bool id_known = false;  ///< Whether `to.id` is what the answer must say.
    Purpose purpose;
    Contact to;
    base::Instant sent;
    base::Instant deadline;
};

class Transactions {
  public:
    static constexpr std::size_t kIdSize = 4;
    static constexpr std::size_t kCountMax = 256;

    explicit Transactions(base::Rng& rng) noexcept : rng_(rng) {}

    /// Null when too many are open.
    [[nodiscard]] const Transaction* open(base::Instant now, Transaction transaction);
    [[nodiscard]] static std::array<std::byte, kIdSize> wire_id(std::uint32_t id) noexcept;

    /// Ends and hands out the transaction that this answer belongs to.
    [[nodiscard]] std::optional<Transaction> close(base::Instant now,
                                                   const net::SocketAddress& from,
                                                   base::ByteView wire_id);
    /// Ends and hands out one that is overdue.
    [[nodiscard]] std::optional<Transaction> poll_overdue(base::Instant now);

    [[nodiscard]] bool has_open(const net::SocketAddress& endpoint) const noexcept;
    [[nodiscard]] base::Instant next_deadline() const noexcept;
    /// When the last answer came.
    [[nodiscard]] base::Instant last_heard() const noexcept { return last_heard_; }
    [[nodiscard]] const RttEstimator& rtt() const noexcept { return rtt_; }
    [[nodiscard]] std::size_t size() const noexcept { return open_.size(); }

  private:
    Transaction take(std::size_t index);

    base::Rng& rng_;
    RttEstimator rtt_;
    base::Instant last_heard_;
    std::vector<Transaction> open_;
};

}  // namespace qe::dht
