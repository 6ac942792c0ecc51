// SPDX-License-Identifier: Apache-2.0
//
// Edits one key of a configuration text for `quicether config set`.
//
// Everything else in the text stays as it is: comments, order, spacing, line ends. The result has
// been parsed and validated as a whole, so a text that comes back can be written to the file.
#pragma once

#include <string>
#include <string_view>

#include "quicether/config/diagnostic.h"

namespace qe::config {

/// Sets `dotted_key` ("network.mtu", "multipath.weights.eth0") to `value_text`: a TOML value, or
/// for texts and lists the bare words (`laptop`, `10.0.0.0/16,10.1.0.0/16`). Diagnostics are about
/// the edited text under `file_label`. `[[peer]]` entries cannot be addressed by a dotted key.
[[nodiscard]] Checked<std::string> set_value(std::string_view text, std::string_view file_label,
                                             std::string_view dotted_key,
                                             std::string_view value_text);

}  // namespace qe::config
