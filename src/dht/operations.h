// SPDX-License-Identifier: Apache-2.0
//
// Operations: those that run, a bounded number at once, and those that wait for their turn.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "dht/courier.h"
#include "dht/item_store.h"
#include "dht/operation.h"
#include "dht/tables.h"
#include "dht/upkeep.h"

namespace qe::dht {

class Operations {
  public:
    Operations(const DhtConfig& config, Tables& tables, Courier& courier, Upkeep& upkeep,
               ItemStore& items) noexcept
        : config_(config), tables_(tables), courier_(courier), upkeep_(upkeep), items_(items) {}

    /// Error: kQueueFull.
    [[nodiscard]] base::Result<OperationId> start(base::Instant now, Operation operation);

    /// The answer, the error or the silence that a query of an operation ended with.
    void handle_answer(base::Instant now, const Transaction& asked, const Response& response);
    void handle_error(base::Instant now, const Transaction& asked, const ErrorReply& error);
    void handle_silence(base::Instant now, const Transaction& asked);

    /// A query has ended: who could not ask because too many were open may go on.
    void resume(base::Instant now);

    /// An operation that is over.
    [[nodiscard]] std::optional<Operation> poll_finished();

    void set_id(const NodeId& id) noexcept { config_.id = id; }
    [[nodiscard]] std::size_t size() const noexcept { return running_.size() + waiting_.size(); }

  private:
    using Running = std::unique_ptr<Operation>;

    void begin(base::Instant now, Operation operation);
    void add_lookup(Operation& operation, net::Family family, const DhtConfig& config);
    bool widen(Operation& operation);
    void take_local(base::Instant now, Operation& operation);
    /// Asks whom the operation wants to ask now; ends it when there is nobody left.
    void advance(base::Instant now, Operation& operation);
    void ask(base::Instant now, Operation& operation, std::uint8_t lookup, std::size_t index);
    void ask_for_the_rest(base::Instant now, Operation& operation, const Transaction& asked,
                          base::ByteView token);
    void begin_stores(base::Instant now, Operation& operation);
    void store_at(base::Instant now, Operation& operation, const Lookup::Candidate& node);
    void store_locally(base::Instant now, Operation& operation);
    void finish(base::Instant now, Operation& operation);
    [[nodiscard]] Operation* find(std::uint32_t id) noexcept;

    DhtConfig config_;
    Tables& tables_;
    Courier& courier_;
    Upkeep& upkeep_;
    ItemStore& items_;
    std::uint32_t last_id_ = 0;
    bool stalled_ = false;  ///< Some operation wanted to ask and could not.
    std::vector<Running> running_;
    std::vector<Operation> waiting_;
    std::vector<Operation> finished_;
};

}  // namespace qe::dht
