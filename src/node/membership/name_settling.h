// SPDX-License-Identifier: Apache-2.0
//
// Names that two members have: admins that did not hear of each other gave them out. The smaller
// NodeId keeps the name; any admin that sees it gives the other a certificate with a numbered one.
// Admins that do so at once choose alike, and the newest certificate counts.
#pragma once

#include "node/membership/own_network.h"
#include "node/node_state.h"

namespace qe::node {

/// Does nothing on a node that is no admin.
void settle_names(OwnNetwork& network, NodeState& state);

}  // namespace qe::node
