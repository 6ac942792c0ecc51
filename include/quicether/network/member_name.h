// SPDX-License-Identifier: Apache-2.0
//
// Names of members and networks: labels as in RFC 1035, 2.3.1, in lower case.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "quicether/base/result.h"

namespace qe::network {

inline constexpr std::size_t kNameBytesMax = 63;

/// A letter, then letters, digits and hyphens, no hyphen last, at most kNameBytesMax; lower case.
[[nodiscard]] bool is_name(std::string_view text) noexcept;

/// Lower case; what cannot be in a name becomes a hyphen, runs of hyphens one, none at either end;
/// "node-" in front when no letter is first; cut to fit. Errors: kInvalidArgument (nothing left).
[[nodiscard]] base::Result<std::string> normalise_name(std::string_view wished);

/// `name` with "-<number>" at the end, cut to fit in front of it. `number >= 2`.
[[nodiscard]] std::string numbered_name(std::string_view name, unsigned number);

}  // namespace qe::network
