// SPDX-License-Identifier: Apache-2.0
//
// The [[peer]] entries.
#pragma once

#include <vector>

#include "config/report.h"
#include "quicether/config/config.h"
#include "quicether/config/tree.h"

namespace qe::config {

/// Reads `[[peer]]`, whatever kind of value stands there.
[[nodiscard]] std::vector<PeerConfig> read_peers(const Value& value, Report& report,
                                                 Places& places);

}  // namespace qe::config
