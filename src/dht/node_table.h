// SPDX-License-Identifier: Apache-2.0
//
// NodeTable: the contacts of one address family, in buckets by the length of the prefix their ids
// share with ours (BEP 5, "Routing Table"; the fully split tree of the Kademlia paper).
//
// Only who has answered a query of ours enters, so no forged packet fills a bucket. A contact is
// good while it was heard of within its lifetime, questionable afterwards, and leaves when it fails
// to answer twice in a row. Buckets and the table take few contacts of one neighbourhood of
// addresses. Verified contacts that find their bucket full wait in its replacement cache.
// It sends nothing: `upkeep` asks it what to check.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dht/density.h"
#include "dht/nearest.h"
#include "quicether/base/time.h"
#include "quicether/dht/config.h"

namespace qe::dht {

/// One contact of a bucket.
struct TableEntry {
    Contact contact;
    std::uint16_t rtt_ms = 0;
    std::uint8_t failures = 0;  ///< Queries in a row that it did not answer.
    base::Instant last_reply;   ///< To a query of ours.
    base::Instant last_query;   ///< Of its own, after it had been verified.
    base::Instant last_asked;   ///< By upkeep.
};

enum class Health : std::uint8_t { Good, Questionable };

class NodeTable {
  public:
    NodeTable(const NodeId& own, const DhtConfig& config) noexcept;

    /// It answered a query of ours, which took `rtt`.
    void handle_reply(base::Instant now, const Contact& contact, base::Duration rtt);
    /// It sent us a query: a sign of life if it is known.
    void handle_query(base::Instant now, const Contact& contact) noexcept;
    /// It did not answer in time. Returns a replacement that is worth a check, if it left.
    std::optional<Contact> handle_silence(const net::SocketAddress& endpoint);

    /// Whether this contact would enter if it answered.
    [[nodiscard]] bool has_room_for(const Contact& contact) const noexcept;
    [[nodiscard]] bool bucket_has_room(const NodeId& id) const noexcept;
    [[nodiscard]] bool contains(const net::SocketAddress& endpoint) const noexcept;
    [[nodiscard]] const TableEntry* find(const net::SocketAddress& endpoint) const noexcept;

    /// Offers all contacts to `nearest`, those that failed to answer last.
    void collect(Nearest& nearest) const noexcept;

    /// The buckets are filled as far as they can be: from now on their number tells how dense the
    /// swarm is. Before, and for false, density() is unknown.
    void set_settled(bool settled) noexcept { is_settled_ = settled; }
    /// Of the swarm, as far as it shows without gaps from the farthest bucket on.
    [[nodiscard]] Density density() const noexcept;

    [[nodiscard]] Health health(base::Instant now, const TableEntry& entry) const noexcept;
    /// When an entry wants to be asked for a sign of life.
    [[nodiscard]] base::Instant check_due(const TableEntry& entry) const noexcept;
    /// The entry with the earliest check_due(); null when empty.
    [[nodiscard]] const TableEntry* most_due() noexcept;
    /// No check is due before that; most_due() makes it exact.
    [[nodiscard]] base::Instant no_check_before() const noexcept { return no_check_before_; }
    /// An entry was asked: it is not due for a moment.
    void handle_asked(base::Instant now, const net::SocketAddress& endpoint) noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::size_t bucket_count() const noexcept { return buckets_.size(); }
    [[nodiscard]] std::size_t replacement_count() const noexcept;
    /// The longest prefix that a contact shares with us; 0 when empty.
    [[nodiscard]] unsigned deepest() const noexcept;

    template <typename Visit>
    void for_each(Visit&& visit) const {
        for (const Bucket& bucket : buckets_) {
            for (const TableEntry& entry : bucket.entries) {
                visit(entry);
            }
        }
    }

  private:
    struct Bucket {
        std::uint8_t prefix_bits = 0;
        std::vector<TableEntry> entries;
        std::vector<Contact> replacements;  ///< Oldest first.
    };

    [[nodiscard]] Bucket* bucket_for(const NodeId& id) noexcept;
    [[nodiscard]] const Bucket* bucket_for(const NodeId& id) const noexcept;
    Bucket& make_bucket(const NodeId& id);
    [[nodiscard]] TableEntry* entry_at(const net::SocketAddress& endpoint) noexcept;
    [[nodiscard]] std::size_t count_at(unsigned prefix_bits) const noexcept;
    [[nodiscard]] bool is_plausible(const Contact& contact) const noexcept;
    [[nodiscard]] bool is_diverse(const Bucket* bucket, const Contact& contact) const noexcept;
    void remember_replacement(Bucket& bucket, const Contact& contact);
    std::optional<Contact> remove(const net::SocketAddress& endpoint);

    NodeId own_;
    DiversityLimits diversity_;
    std::size_t bucket_size_;
    base::Duration lifetime_;
    std::vector<Bucket> buckets_;  ///< By prefix length; none is without entries.
    std::size_t size_ = 0;
    bool is_settled_ = false;
    base::Instant no_check_before_ = base::Instant::never();
};

}  // namespace qe::dht
