// SPDX-License-Identifier: Apache-2.0
//
// Secrecy under a shared key: XChaCha20-Poly1305 with a random 24-byte nonce in front.
//
// Whoever knows the key can open and forge; who wrote the plaintext is for a signature inside to
// say. Sizes show: pad what must not be told by its length.
#pragma once

#include <array>
#include <cstddef>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/base/rng.h"

namespace qe::crypto {

/// Wiped by its owner, as all raw keys.
struct SealKey {
    static constexpr std::size_t kSize = 32;
    std::array<std::byte, kSize> bytes{};
};

/// What sealing adds: the nonce and the 16-byte tag.
inline constexpr std::size_t kSealOverhead = 24 + 16;

/// `context` is authenticated, not carried; opening takes the same.
[[nodiscard]] base::Bytes seal(const SealKey& key, base::ByteView plaintext, base::ByteView context,
                               base::Rng& rng);

/// Errors: kTruncated, kBadSignature (another key or context, or changed bytes).
[[nodiscard]] base::Result<base::Bytes> open(const SealKey& key, base::ByteView sealed,
                                             base::ByteView context);

}  // namespace qe::crypto
