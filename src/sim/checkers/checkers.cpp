// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/checkers.h"

#include <utility>

#include "sim/checkers/admission.h"
#include "sim/checkers/amplification.h"
#include "sim/checkers/bounds.h"
#include "sim/checkers/convergence.h"
#include "sim/checkers/integrity.h"
#include "sim/checkers/membership.h"
#include "sim/checkers/route_loop.h"
#include "sim/checkers/session_sanity.h"

namespace qe::sim {

std::vector<std::unique_ptr<Checker>> make_checkers(World& world) {
    std::vector<std::unique_ptr<Checker>> all;
    auto integrity = std::make_unique<Integrity>(world);
    auto admission = std::make_unique<Admission>(world, *integrity);
    auto route_loop = std::make_unique<RouteLoop>(world, *integrity);
    all.push_back(std::move(integrity));  // first: the next two look at what it found
    all.push_back(std::move(admission));
    all.push_back(std::move(route_loop));
    all.push_back(std::make_unique<Amplification>(world));
    all.push_back(std::make_unique<Bounds>(world));
    all.push_back(std::make_unique<Convergence>(world));
    all.push_back(std::make_unique<Membership>(world));
    all.push_back(std::make_unique<SessionSanity>(world));
    return all;
}

}  // namespace qe::sim
