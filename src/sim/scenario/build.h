// SPDX-License-Identifier: Apache-2.0
//
// A Scenario → the World it describes: regions, networks, hosts, who knows whom, and when nodes
// start.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "sim/scenario/scenario.h"
#include "sim/world.h"

namespace qe::sim {

/// Precondition: an empty world. The failure is one sentence with the file's name.
[[nodiscard]] tl::expected<void, std::string> build_world(World& world, const Scenario& scenario);

/// Round trip of the shortest way between two hosts' first interfaces, as the scenario describes
/// it: what the underlay alone takes, without jitter, queues and faults.
[[nodiscard]] base::Duration path_round_trip(const Scenario& scenario, HostId a, HostId b);

}  // namespace qe::sim
