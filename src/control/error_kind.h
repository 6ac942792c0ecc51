// SPDX-License-Identifier: Apache-2.0
//
// The text of each ErrorKind, and back.
#pragma once

#include <optional>
#include <string_view>

#include "quicether/control/messages.h"

namespace qe::control {

/// Empty for a text we do not know.
[[nodiscard]] std::optional<ErrorKind> parse_error_kind(std::string_view text) noexcept;

}  // namespace qe::control
