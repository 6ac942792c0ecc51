// SPDX-License-Identifier: Apache-2.0
//
// Reading the configuration again on reload: file, then command line, checked as at the start.
#pragma once

#include <string>

#include "host/failure.h"
#include "quicether/config/config.h"
#include "quicether/config/overrides.h"

namespace qe::host {

/// The Config that `path` (empty: no file) and `overrides` give now. The failing side is what to
/// tell the operator: one or more diagnostics, one a line.
[[nodiscard]] Checked<config::Config> load_config(const std::string& path,
                                                  const config::Overrides& overrides);

}  // namespace qe::host
