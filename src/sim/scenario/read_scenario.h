// SPDX-License-Identifier: Apache-2.0
//
// A scenario's TOML text → Scenario, or all that is wrong with it.
#pragma once

#include <string>
#include <string_view>

#include "quicether/config/diagnostic.h"
#include "sim/scenario/scenario.h"

namespace qe::sim {

/// `file` names the text in complaints, and its stem the scenario; it is not opened.
[[nodiscard]] config::Checked<Scenario> read_scenario(std::string_view text,
                                                      const std::string& file);

}  // namespace qe::sim
