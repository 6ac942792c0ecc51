// SPDX-License-Identifier: Apache-2.0
//
// What the node answers when asked about its network.
#pragma once

#include "node/membership/own_membership.h"
#include "node/node_state.h"
#include "quicether/control/messages.h"

namespace qe::node {

[[nodiscard]] control::NetworkReply network_report(const OwnMembership& own,
                                                   const NodeState& state);
[[nodiscard]] control::MembersReply members_report(const OwnMembership& own,
                                                   const NodeState& state);

}  // namespace qe::node
