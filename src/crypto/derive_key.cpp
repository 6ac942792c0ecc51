// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/derive_key.h"

#include <array>
#include <cstdint>

#include <sodium.h>

#include "quicether/base/assert.h"

namespace qe::crypto {
namespace {

/// Keeps these keys apart from any other keyed BLAKE2b under the same secret.
constexpr std::string_view kDomain = "quicether key 1";

void update(crypto_generichash_state& state, base::ByteView bytes) noexcept {
    crypto_generichash_update(&state, base::as_u8(bytes), bytes.size());
}

}  // namespace

void derive_key(base::ByteView secret, std::string_view label, base::ByteView context,
                base::MutableBytes out) noexcept {
    QE_ASSERT(secret.size() >= crypto_generichash_KEYBYTES_MIN &&
              secret.size() <= crypto_generichash_KEYBYTES_MAX);
    QE_ASSERT(out.size() >= crypto_generichash_BYTES_MIN &&
              out.size() <= crypto_generichash_BYTES_MAX);
    // The label's length in front keeps label and context apart.
    std::array<std::byte, sizeof(std::uint64_t)> label_size{};
    base::ByteWriter(label_size).u64(label.size());
    crypto_generichash_state state;
    crypto_generichash_init(&state, base::as_u8(secret), secret.size(), out.size());
    update(state, base::as_bytes(kDomain));
    update(state, label_size);
    update(state, base::as_bytes(label));
    update(state, context);
    crypto_generichash_final(&state, base::as_u8(out), out.size());
    sodium_memzero(&state, sizeof(state));
}

}  // namespace qe::crypto
