// SPDX-License-Identifier: Apache-2.0
//
// RecordPublisher: keeps this node's record in the DHT, under its own key.
//
// Published when the DHT is first of use, at half the record's lifetime, and soon after the
// addresses, claims or name have changed; a failure is followed by the next attempt after a growing
// pause. Records
// are numbered by wall time in seconds, or one above what is found stored.
#pragma once

#include <optional>
#include <vector>

#include "node/node_state.h"
#include "quicether/dht/dht.h"
#include "quicether/network/node_record.h"

namespace qe::node {

/// Interfaces come up in steps: one record for all of them.
inline constexpr base::Duration kRecordSettle = base::milliseconds(200);
/// At least between two publications.
inline constexpr base::Duration kRecordInterval = base::seconds(5);
inline constexpr base::Duration kRecordRetryMax = base::seconds(300);

class RecordPublisher {
  public:
    explicit RecordPublisher(NodeState& state) : state_(state) {}

    /// Where this node is now.
    void set_addresses(base::Instant now, std::vector<net::SocketAddress> addresses);
    /// Our name, overlay addresses or subnets may have changed: the record is published anew if it
    /// says something else than the last one.
    void handle_change(base::Instant now);
    /// The DHT has just become of use.
    void begin_anew(base::Instant now);
    /// Publishes if it is time to. Precondition: the Dht has contacts.
    void handle_deadline(base::Instant now, dht::Dht& dht);
    /// True if the store was ours.
    bool handle_finished(base::Instant now, const dht::StoreFinished& finished);
    [[nodiscard]] base::Instant next_deadline() const noexcept {
        return running_ ? base::Instant::never() : next_at_;
    }

    /// What the last successful publication said, when, and on how many nodes it is.
    [[nodiscard]] const std::vector<net::SocketAddress>& published() const noexcept {
        return published_;
    }
    [[nodiscard]] std::optional<base::Instant> published_at() const noexcept {
        return published_at_;
    }
    [[nodiscard]] std::uint32_t stored_on() const noexcept { return stored_on_; }

    /// A number above those of all records and items of this node before.
    [[nodiscard]] std::int64_t next_number() noexcept;

  private:
    void publish_soon(base::Instant now);
    [[nodiscard]] bool says_the_same() const;
    [[nodiscard]] base::Result<dht::OperationId> put(base::Instant now, dht::Dht& dht);
    [[nodiscard]] base::Duration retry_pause();

    NodeState& state_;
    std::vector<net::SocketAddress> addresses_;
    std::vector<net::SocketAddress> sent_;
    std::optional<network::NodeRecord> sent_record_;  ///< What it said.
    network::NetworkId sent_network_;
    std::vector<net::SocketAddress> published_;
    std::optional<base::Instant> published_at_;
    std::uint32_t stored_on_ = 0;
    std::optional<dht::OperationId> running_;
    base::Instant next_at_ = base::Instant::never();
    base::Instant sent_at_;
    std::int64_t last_number_ = 0;
    unsigned failures_ = 0;
};

}  // namespace qe::node
