// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/mac.h"

#include <sodium.h>

namespace qe::crypto {

static_assert(std::tuple_size_v<Mac> >= crypto_generichash_BYTES_MIN);
static_assert(MacKey::kSize >= crypto_generichash_KEYBYTES_MIN &&
              MacKey::kSize <= crypto_generichash_KEYBYTES_MAX);

Mac mac_of(const MacKey& key, std::initializer_list<base::ByteView> parts) noexcept {
    crypto_generichash_state state;
    crypto_generichash_init(&state, base::as_u8(base::ByteView(key.bytes)), key.bytes.size(),
                            std::tuple_size_v<Mac>);
    for (const base::ByteView part : parts) {
        crypto_generichash_update(&state, base::as_u8(part), part.size());
    }
    Mac mac{};
    crypto_generichash_final(&state, base::as_u8(base::MutableBytes(mac)), mac.size());
    sodium_memzero(&state, sizeof(state));
    return mac;
}

bool equal_secrets(base::ByteView a, base::ByteView b) noexcept {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace qe::crypto
