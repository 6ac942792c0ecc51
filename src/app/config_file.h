// SPDX-License-Identifier: Apache-2.0
//
// Which configuration file a verb works on, its text, and a Config made of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "app/exit_code.h"
#include "quicether/config/config.h"

namespace qe::app {

inline constexpr const char* kSystemConfigPath = "/etc/quicether/config.toml";

/// The first that exists of the system's file and the user's (`~/.config/quicether/config.toml`);
/// nothing when neither does.
[[nodiscard]] std::optional<std::string> find_config_file();

/// A configuration text and the absolute path it came from; both empty: there is no file.
struct ConfigText {
    std::string path;
    std::string text;
};

/// `asked` must exist; without it, the file that is found, or none.
[[nodiscard]] tl::expected<ConfigText, Failure> read_config(
    const std::optional<std::string>& asked);

/// One sentence a problem. Problems of the command line alone are a matter of usage.
[[nodiscard]] Failure to_failure(const std::vector<config::Diagnostic>& problems);

/// `path` from the root: the daemon changes directory, and what was typed is relative to here.
[[nodiscard]] std::string absolute_path(const std::string& path);

/// The value of an optional option: what was typed, if anything was.
[[nodiscard]] std::optional<std::string> if_given(const std::string& value);

}  // namespace qe::app
