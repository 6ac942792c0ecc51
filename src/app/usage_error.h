// SPDX-License-Identifier: Apache-2.0
//
// A wrong command line in one sentence: what is wrong with it, what was probably meant, where to
// read on.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace qe::app {

/// The innermost verb the command line reached.
[[nodiscard]] const CLI::App& innermost(const CLI::App& root);

/// The first word that no verb or option took, as a sentence; empty when there is none.
[[nodiscard]] std::string explain_leftover(const CLI::App& root);

/// A verb is missing after `app`, which is the root or a group such as `config`.
[[nodiscard]] std::string explain_missing_verb(const CLI::App& app);

/// CLI11's own complaint about a value or an argument.
[[nodiscard]] std::string explain_parse_error(const CLI::App& root, const CLI::ParseError& error);

}  // namespace qe::app
