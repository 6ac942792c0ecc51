// SPDX-License-Identifier: Apache-2.0
//
// SHA-1 as a name for bytes (BEP 5, BEP 44): an identifier, never an authentication.
#pragma once

#include <array>
#include <cstddef>

#include "quicether/base/bytes.h"

namespace qe::crypto {

using Sha1Digest = std::array<std::byte, 20>;

[[nodiscard]] Sha1Digest sha1(base::ByteView bytes) noexcept;

}  // namespace qe::crypto
