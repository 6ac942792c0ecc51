// SPDX-License-Identifier: Apache-2.0
//
// Path reports: the paths of sessions, and why each is used or not, as answers to control requests.
// Reads only.
#pragma once

#include "node/node_state.h"
#include "quicether/control/messages.h"

namespace qe::node {

/// A MultipathReply, or an error if the request names somebody who is not connected.
[[nodiscard]] control::Reply multipath_report(base::Instant now, const NodeState& state,
                                              const control::MultipathRequest& request);

/// An ExplainReply, or an error if the request does not name one peer.
[[nodiscard]] control::Reply explain_report(base::Instant now, const NodeState& state,
                                            const control::ExplainRequest& request);

/// The session of a peer that has one.
[[nodiscard]] control::PeerPathsReply paths_report(base::Instant now, const NodeState& state,
                                                   const Peer& peer);

}  // namespace qe::node
