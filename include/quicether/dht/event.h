// SPDX-License-Identifier: Apache-2.0
//
// What a Dht tells its driver: ends of operations, and the address others see it at.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "quicether/dht/contact.h"
#include "quicether/dht/item.h"

namespace qe::dht {

/// Names an operation until its event was handed out. The default names none.
struct OperationId {
    std::uint32_t value = 0;
    friend auto operator<=>(const OperationId&, const OperationId&) = default;
};

/// A search is over; searches always end, with or without a result.
struct LookupFinished {
    OperationId operation;
    NodeId target;
    std::vector<Contact> nearest;           ///< Nodes that answered, nearest first, at most k.
    std::vector<net::SocketAddress> peers;  ///< get_peers: who announced itself.
    std::optional<Item> item;               ///< get: verified; of several the one newest.
    std::uint32_t queries = 0;              ///< Sent for it.
    std::uint32_t hops = 0;  ///< Nodes on the way to the nearest one, or to the first value.
};

/// A put or an announcement is over.
struct StoreFinished {
    OperationId operation;
    NodeId target;
    std::uint32_t accepted = 0;   ///< Nodes that stored it.
    std::uint32_t refused = 0;    ///< Nodes that answered with an error.
    std::int64_t last_error = 0;  ///< KRPC code of the last refusal, e.g. 301 or 302; 0: none.
    /// put of a mutable item: what is stored instead, if that is newer.
    std::optional<Item> newer;
};

/// Several nodes agree where they see us; sent when that changes.
struct ExternalAddressSeen {
    net::SocketAddress endpoint;
};

using Event = std::variant<LookupFinished, StoreFinished, ExternalAddressSeen>;

}  // namespace qe::dht
