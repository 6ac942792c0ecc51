// SPDX-License-Identifier: Apache-2.0
//
// Who draws which part of a FuzzPlan. Private to src/sim/fuzz.
#pragma once

#include "sim/fuzz/dice.h"
#include "sim/fuzz/plan.h"

namespace qe::sim {

/// Regions, networks and hosts.
void draw_world(Dice& dice, FuzzPlan& plan);
/// Who lists whom, gateways and subnets. Precondition: the hosts are there.
void draw_trust(Dice& dice, FuzzPlan& plan);
/// Precondition: trust is drawn, and faults_end.
void draw_traffic(Dice& dice, FuzzPlan& plan);
void draw_faults(Dice& dice, FuzzPlan& plan);
/// Which hosts use all their interfaces at a time. Precondition: the hosts are there.
void draw_multipath(Dice& dice, FuzzPlan& plan);

/// Conditions of a link in good times: every pair behind such links must converge.
[[nodiscard]] LinkOptions draw_good_link(Dice& dice);
[[nodiscard]] bool knows(const FuzzPlan& plan, HostId host, HostId other);

}  // namespace qe::sim
