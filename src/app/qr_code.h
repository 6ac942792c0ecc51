// SPDX-License-Identifier: Apache-2.0
//
// A QR code (ISO/IEC 18004) for a terminal: two modules a character, dark on light whatever the
// terminal's colours are.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace qe::app {

/// Lines of UTF-8 half blocks with the quiet zone around. The error is a sentence.
[[nodiscard]] tl::expected<std::string, std::string> qr_code_text(std::string_view text);

}  // namespace qe::app
