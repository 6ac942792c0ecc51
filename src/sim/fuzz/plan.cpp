// SPDX-License-Identifier: Apache-2.0
#include "sim/fuzz/plan.h"

#include <algorithm>

#include <fmt/format.h>

#include "sim/fuzz/plan_parts.h"

namespace qe::sim {
namespace {

base::Rng stream_of(std::uint64_t seed) {
    base::Rng::Seed bytes{};
    base::ByteWriter(bytes).u64(seed);
    return base::Rng(bytes).fork("fuzz plan");
}

}  // namespace

bool knows(const FuzzPlan& plan, HostId host, HostId other) {
    const auto& list = plan.scenario.hosts[host].knows;
    return std::find(list.begin(), list.end(), other) != list.end();
}

FuzzPlan make_plan(std::uint64_t seed) {
    Dice dice(stream_of(seed));
    FuzzPlan plan;
    plan.scenario.name = "fuzz";
    plan.scenario.file = fmt::format("fuzz seed {}", seed);
    plan.scenario.seed = seed;
    plan.faults_end = dice.millis(20'000, 60'000);
    draw_world(dice, plan);
    draw_trust(dice, plan);
    draw_traffic(dice, plan);
    draw_faults(dice, plan);
    draw_multipath(dice, plan);
    return plan;
}

}  // namespace qe::sim
