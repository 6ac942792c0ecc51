// SPDX-License-Identifier: Apache-2.0
//
// Operation: one search or store from its start to its event, as plain state. It has a Lookup per
// address family, then, if it stores, the stores at the nearest nodes.
#pragma once

#include <optional>
#include <vector>

#include "dht/lookup.h"
#include "dht/message.h"
#include "quicether/dht/event.h"

namespace qe::dht {

enum class OperationKind : std::uint8_t {
    FindNode,
    GetPeers,
    GetItem,
    Announce,
    PutItem,
    Refresh,  ///< A lookup for the sake of the table; it ends without an event.
};

struct Operation {
    OperationId id;
    OperationKind kind = OperationKind::FindNode;
    NodeId target;

    // What is asked for, or to be stored.
    std::optional<crypto::PublicKey> key;  ///< get of a mutable item.
    base::Bytes salt;
    std::optional<Item> item;  ///< The item to put; for get, the best found yet.
    std::optional<std::int64_t> cas;
    std::uint16_t port = 0;                  ///< announce; 0: the one our packets come from.
    std::vector<net::SocketAddress> starts;  ///< Endpoints to begin with besides the tables.

    // What came of it.
    std::vector<Lookup> lookups;
    std::vector<net::SocketAddress> peers;
    std::optional<Item> newer;
    std::uint32_t queries = 0;
    std::uint32_t hops_to_value = 0;
    std::uint32_t stores_open = 0;
    std::uint32_t accepted = 0;
    std::uint32_t refused = 0;
    std::int64_t last_error = 0;
    bool started = false;
    bool storing = false;
    bool widened = false;     ///< It was searched again, on more paths.
    bool has_answer = false;  ///< Nothing that could still be found would be better.

    [[nodiscard]] bool stores() const noexcept {
        return kind == OperationKind::Announce || kind == OperationKind::PutItem;
    }
    [[nodiscard]] bool searches_item() const noexcept {
        return kind == OperationKind::GetItem || kind == OperationKind::PutItem;
    }
    /// Worth some more questions: who stores must not miss those who will be asked, and who gets
    /// nothing may have missed those who store.
    [[nodiscard]] bool is_thorough() const noexcept {
        return stores() || (kind == OperationKind::GetItem && !item);
    }
    [[nodiscard]] bool searches_peers() const noexcept {
        return kind == OperationKind::GetPeers || kind == OperationKind::Announce;
    }
};

/// The question put to each node on the way.
[[nodiscard]] Query search_query(const Operation& operation);

/// Takes the values of an answer: verified items and peers. Returns whether it came with an item.
bool take_values(Operation& operation, const Response& response, std::uint32_t depth);

/// The event of an operation that is over; nothing for a Refresh.
[[nodiscard]] std::optional<Event> event_of(Operation& operation, std::size_t nearest_max);

}  // namespace qe::dht
