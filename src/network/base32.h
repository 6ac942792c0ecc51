// SPDX-License-Identifier: Apache-2.0
//
// Base32 (RFC 4648, section 6) without padding: lower case out, either case in.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "quicether/base/bytes.h"

namespace qe::network {

[[nodiscard]] std::string to_base32(base::ByteView bytes);
[[nodiscard]] bool is_base32_digit(char c) noexcept;
/// Absent on a foreign character, an impossible length or left-over bits that are not zero.
[[nodiscard]] std::optional<base::Bytes> from_base32(std::string_view text);

}  // namespace qe::network
