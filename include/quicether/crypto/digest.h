// SPDX-License-Identifier: Apache-2.0
//
// Digests as names for bytes. SHA-1 (BEP 5, BEP 44) is an identifier, never an authentication;
// SHA-256 is for names that nobody may be able to make twice.
#pragma once

#include <array>
#include <cstddef>

#include "quicether/base/bytes.h"

namespace qe::crypto {

using Sha1Digest = std::array<std::byte, 20>;

[[nodiscard]] Sha1Digest sha1(base::ByteView bytes) noexcept;

using Sha256Digest = std::array<std::byte, 32>;

[[nodiscard]] Sha256Digest sha256(base::ByteView bytes) noexcept;

}  // namespace qe::crypto
