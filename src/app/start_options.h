// SPDX-License-Identifier: Apache-2.0
//
// The flags of `quicether start`. Those that set something a configuration file could set go to
// config::Overrides as typed and are judged there, with the file's own checks.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "quicether/config/overrides.h"
#include "quicether/host/node_key.h"

namespace qe::app {

struct StartOptions {
    std::string config_file;  ///< Empty: the default file if there is one.
    std::string state_dir = host::kDefaultStateDirectory;
    bool daemon = false;
    config::Overrides overrides;
};

/// `options` outlives the parsing of `verb`.
void add_start_options(CLI::App& verb, StartOptions& options);

}  // namespace qe::app
