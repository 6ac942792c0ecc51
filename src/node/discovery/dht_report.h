// SPDX-License-Identifier: Apache-2.0
//
// What the DHT has found and what it holds, as answers to control requests. Pure.
#pragma once

#include <vector>

#include "quicether/control/messages.h"
#include "quicether/dht/event.h"
#include "quicether/dht/status.h"
#include "quicether/network/network_id.h"

namespace qe::node {

[[nodiscard]] control::DhtNodesReply nodes_report(const std::vector<dht::NodeInfo>& nodes);
[[nodiscard]] control::DhtGetReply get_report(const dht::LookupFinished& finished);
[[nodiscard]] control::DhtPeersReply peers_report(const dht::LookupFinished& finished);
[[nodiscard]] control::DhtLookupReply lookup_report(const dht::LookupFinished& finished,
                                                    const network::NetworkId& network);
/// "dht_…" counters for the status.
[[nodiscard]] std::vector<control::Counter> counters_report(const dht::DhtStatus& status);

}  // namespace qe::node
