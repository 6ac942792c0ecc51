// SPDX-License-Identifier: Apache-2.0
//
// Neighbours: with whom a member of a large network keeps a session though no packet asks for it,
// so that news of the network reaches everybody.
//
// The members stand on a ring in the order of their NodeIds. Neighbours are the next and the
// previous one, and whoever comes first at or after the points 1/2, 1/8, 1/32, … of the ring ahead:
// in both directions, so that both ends name each other. Points are left out where they would reach
// less than kReachMin members ahead. That makes 2 + log4(members) neighbours each way, eight or so
// among 200, and news needs at most about as many hops. A member that comes or goes changes
// the neighbours of those around it only. docs/protocol/membership.md.
#pragma once

#include <set>
#include <vector>

#include "quicether/crypto/identity.h"

namespace qe::node {

inline constexpr std::size_t kReachMin = 4;

/// `ring`: all members, `self` among them or not, in ascending order, each once.
[[nodiscard]] std::set<crypto::NodeId> neighbours_of(const crypto::NodeId& self,
                                                     const std::vector<crypto::NodeId>& ring);

}  // namespace qe::node
