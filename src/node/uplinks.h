// SPDX-License-Identifier: Apache-2.0
//
// Uplinks: the interfaces over which this node reaches its peers, when it uses several at a time.
//
// An uplink is named to peers by its interface index, which means nothing to them but that two
// links with the same number share it.
#pragma once

#include <cstdint>
#include <vector>

#include "node/node_state.h"
#include "quicether/config/pattern.h"
#include "quicether/node/network_view.h"

namespace qe::node {

/// At most this many are used.
inline constexpr std::size_t kUplinksMax = 8;

/// The interfaces that [multipath] asks for and that are up; without a list, those with a default
/// route. In the order of the configuration, else of their indices. Empty with multipath off.
/// Valid until the next change of NodeState::view.
[[nodiscard]] std::vector<const Interface*> uplinks(const NodeState& state);

/// The uplink that has this address: 0 with multipath off, and for what is none.
[[nodiscard]] std::uint32_t uplink_of(const NodeState& state, const net::IpAddress& local);

/// What a metered uplink has in reserve besides: more than any place in the order.
inline constexpr std::uint32_t kMeteredReserve = kUplinksMax;

/// With mode "failover" the place of the uplink in the configured order, 0 for the first; 0 with
/// "aggregate"; of a metered one kMeteredReserve more. What is no uplink (0) counts as metered
/// while there are uplinks.
[[nodiscard]] std::uint32_t reserve_of(const NodeState& state, std::uint32_t uplink);

/// The configured weight of the uplink; 0 without.
[[nodiscard]] double weight_of(const NodeState& state, std::uint32_t uplink);

/// Bytes per second that may leave over the uplink as configured; 0: any number.
[[nodiscard]] double rate_max_of(const NodeState& state, std::uint32_t uplink);

using config::matches_pattern;

}  // namespace qe::node
