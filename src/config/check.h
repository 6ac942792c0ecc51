// SPDX-License-Identifier: Apache-2.0
//
// Cross-field checks: what no single key can tell.
#pragma once

#include "config/report.h"
#include "quicether/config/config.h"

namespace qe::config {

/// Names and ids used twice, subnets that two nodes claim, contradictions between keys.
void check(const Config& config, const Places& places, Report& report);

}  // namespace qe::config
