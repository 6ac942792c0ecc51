// SPDX-License-Identifier: Apache-2.0
//
// Node records as items of the DHT: network::NodeRecord inside a bencoded string, the value of the
// unsalted mutable item (BEP 44) of the node's key, whose target is its NodeId.
//
// A node without a network signs for the network whose id is all zero.
#pragma once

#include <vector>

#include "node/node_state.h"
#include "quicether/network/node_record.h"

namespace qe::node {

/// How long others should believe a record.
inline constexpr base::seconds kRecordLifetime{3600};

/// What this node's record says now, without a number and a time.
[[nodiscard]] network::NodeRecord own_record(const NodeState& state,
                                             const std::vector<net::SocketAddress>& addresses);

/// This node's record as an item's value. Errors: those of network::sign_record().
[[nodiscard]] base::Result<base::Bytes> make_own_record(
    const NodeState& state, const std::vector<net::SocketAddress>& addresses,
    std::int64_t sequence);

/// A record out of an item's value; its signature fits `record.key` and `network`.
/// Errors: kMalformed, and those of network::parse_record().
[[nodiscard]] base::Result<network::NodeRecord> parse_node_record(
    base::ByteView value, const network::NetworkId& network);

}  // namespace qe::node
