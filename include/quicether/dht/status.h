// SPDX-License-Identifier: Apache-2.0
//
// What a Dht tells an operator: counters since its start, and sizes of what it holds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "quicether/base/time.h"
#include "quicether/dht/contact.h"

namespace qe::dht {

/// Counted per method: ping, find_node, get_peers, announce_peer, get, put.
using MethodCounters = std::array<std::uint64_t, 6>;

struct DhtCounters {
    std::uint64_t messages_received = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t messages_sent = 0;
    std::uint64_t bytes_sent = 0;
    MethodCounters queries_received{};
    MethodCounters queries_sent{};
    std::uint64_t answers_received = 0;
    std::uint64_t errors_received = 0;
    std::uint64_t errors_sent = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t answers_trimmed = 0;  ///< Cut, because the asker was not proven.
    std::uint64_t answers_held = 0;     ///< Held back until the asker was proven.
    // Dropped without an answer:
    std::uint64_t dropped_mac = 0;         ///< Network MAC wrong or missing.
    std::uint64_t dropped_malformed = 0;   ///< No KRPC message.
    std::uint64_t dropped_oversized = 0;   ///< Larger than any message may be.
    std::uint64_t dropped_flood = 0;       ///< Too many to look at each.
    std::uint64_t dropped_rate = 0;        ///< Queries, too many to answer each.
    std::uint64_t dropped_unexpected = 0;  ///< Answers to no question.
    std::uint64_t dropped_unsent = 0;      ///< Our own, because the shell did not fetch them.
};

struct DhtStatus {
    DhtCounters counters;
    NodeId id;
    bool read_only = false;
    std::size_t contacts_v4 = 0;
    std::size_t contacts_v6 = 0;
    std::size_t buckets = 0;       ///< That hold contacts.
    std::size_t replacements = 0;  ///< Verified contacts that wait for room.
    std::size_t items_stored = 0;
    std::size_t item_bytes_stored = 0;
    std::size_t peers_stored = 0;
    std::size_t operations = 0;    ///< Running and waiting.
    std::size_t publications = 0;  ///< Kept alive for us.
    base::Duration rtt_mean{};     ///< Zero before the first answer.
    std::optional<net::SocketAddress> external;
};

/// One contact of the table, for listings.
struct NodeInfo {
    Contact contact;
    bool good = false;  ///< Heard of lately; questionable otherwise.
    std::uint32_t rtt_ms = 0;
    base::Duration silent{};   ///< Since it was last heard of.
    unsigned prefix_bits = 0;  ///< Shared with our id: its bucket.
};

}  // namespace qe::dht
