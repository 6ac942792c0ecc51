// SPDX-License-Identifier: Apache-2.0
//
// Reports: the state of the node as answers to control requests. Reads only.
#pragma once

#include "node/links/link_keeper.h"
#include "node/node_state.h"
#include "node/traffic/data_plane.h"
#include "quicether/control/messages.h"

namespace qe::node {

/// Counters of the parts, for the status.
struct PartCounters {
    const DataCounters& data;
    const OutboundCounters& outbound;
    const LinkCounters& links;
    std::uint64_t strangers_refused = 0;
    std::uint64_t protocol_violations = 0;
    std::uint64_t claims_refused = 0;
    std::uint64_t network_messages_dropped = 0;
};

/// For whom names no peer, or more than one, with `text`.
[[nodiscard]] control::ErrorReply find_error(FindFailure failure, const std::string& text);

/// "connected", "connecting", "unreachable" or "idle".
[[nodiscard]] std::string_view state_text(const Peer& peer);

[[nodiscard]] control::StatusReply status_report(base::Instant now, const NodeState& state,
                                                 const PartCounters& parts);
[[nodiscard]] control::PeerReply peer_report(base::Instant now, const NodeState& state,
                                             const Peer& peer);
[[nodiscard]] control::PeersReply peers_report(base::Instant now, const NodeState& state);
[[nodiscard]] control::RoutesReply routes_report(const NodeState& state);

}  // namespace qe::node
