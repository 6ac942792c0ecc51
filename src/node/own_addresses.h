// SPDX-License-Identifier: Apache-2.0
//
// Where this node may be reached in the underlay, as far as it knows.
#pragma once

#include <vector>

#include "node/node_state.h"

namespace qe::node {

/// Addresses of one node that travel together.
inline constexpr std::size_t kOwnAddressesMax = 16;

/// The configured public address first, then those of the interfaces; with our UDP port. Link-local
/// and loopback addresses mean nothing to others and are left out.
[[nodiscard]] std::vector<net::SocketAddress> own_addresses(const NodeState& state);

/// True for an endpoint that is this very node.
[[nodiscard]] bool is_own_endpoint(const NodeState& state, const net::SocketAddress& endpoint);

}  // namespace qe::node
