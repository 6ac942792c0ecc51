// SPDX-License-Identifier: Apache-2.0
//
// All checkers there are, one of each.
#pragma once

#include <memory>
#include <vector>

#include "sim/checker.h"

namespace qe::sim {

/// Not yet observers of the world, which must outlive them. To be added in this order: some look at
/// what those before them found.
[[nodiscard]] std::vector<std::unique_ptr<Checker>> make_checkers(World& world);

}  // namespace qe::sim
