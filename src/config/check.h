// SPDX-License-Identifier: Apache-2.0
//
// Cross-field checks: what no single key can tell.
#pragma once

#include "quicether/config/config.h"
#include "report.h"

namespace qe::config {

/// Names and ids used twice, subnets that two nodes claim, contradictions between keys.
void check(const Config& config, const Places& places, Report& report);

}  // namespace qe::config
