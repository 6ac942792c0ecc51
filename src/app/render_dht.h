// SPDX-License-Identifier: Apache-2.0
//
// Replies about the DHT as text for people, in the manner of render.h.
#pragma once

#include <string>

#include "app/palette.h"
#include "quicether/control/messages.h"

namespace qe::app {

/// "12 contacts, reachable", as `status` has it in a line; empty when the daemon does not say.
[[nodiscard]] std::string discovery_text(std::string_view state, std::uint32_t contacts);

[[nodiscard]] std::string render_dht_status(const control::DhtStatusReply& reply);
/// `NodeID | Endpoint | RTT | …`, nearest first.
[[nodiscard]] std::string render_dht_nodes(const control::DhtNodesReply& reply,
                                           const Palette& palette);
[[nodiscard]] std::string render_dht_get(const control::DhtGetReply& reply);
[[nodiscard]] std::string render_dht_put(const control::DhtPutReply& reply);
[[nodiscard]] std::string render_dht_lookup(const control::DhtLookupReply& reply,
                                            const Palette& palette);
[[nodiscard]] std::string render_dht_announce(const control::DhtAnnounceReply& reply);
/// One endpoint a line.
[[nodiscard]] std::string render_dht_peers(const control::DhtPeersReply& reply);

}  // namespace qe::app
