// SPDX-License-Identifier: Apache-2.0
//
// Publications: what this node keeps alive in the DHT, published again at half the lifetime that
// others store it for, sooner after a failure.
#pragma once

#include <optional>
#include <vector>

#include "dht/operation.h"
#include "quicether/base/rng.h"
#include "quicether/base/time.h"

namespace qe::dht {

class Publications {
  public:
    Publications(const DhtConfig& config, base::Rng& rng) noexcept;

    /// Keeps what an operation publishes, in place of what is kept under its target. False: full.
    [[nodiscard]] bool keep(base::Instant now, const Operation& operation);
    /// The operation that publishes it now; its end is told to handle_finished().
    void handle_started(const NodeId& target, OperationId operation) noexcept;
    void handle_finished(base::Instant now, const StoreFinished& finished) noexcept;
    void withdraw(const NodeId& target);

    /// A copy of one that is due, as an operation to start.
    [[nodiscard]] std::optional<Operation> poll_due(base::Instant now);
    [[nodiscard]] base::Instant next_deadline() const noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return kept_.size(); }
    /// Whether the end of this operation is of interest to nobody else.
    [[nodiscard]] bool repeats(OperationId operation) const noexcept;

  private:
    struct Kept {
        Operation operation;
        OperationId running;    ///< None between publications.
        bool repeated = false;  ///< The running one was not asked for by the driver.
        unsigned failures = 0;  ///< In a row.
        base::Instant next;
    };

    [[nodiscard]] Kept* find(const NodeId& target) noexcept;
    [[nodiscard]] base::Duration pause_of(const Kept& kept);

    StoreLimits lifetimes_;
    std::size_t max_;
    base::Rng& rng_;
    std::vector<Kept> kept_;
};

}  // namespace qe::dht
