// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/seal.h"

#include <sodium.h>

namespace qe::crypto {
namespace {

constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
static_assert(kSealOverhead == kNonceBytes + crypto_aead_xchacha20poly1305_ietf_ABYTES);
static_assert(SealKey::kSize == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);

}  // namespace

base::Bytes seal(const SealKey& key, base::ByteView plaintext, base::ByteView context,
                 base::Rng& rng) {
    base::Bytes sealed(plaintext.size() + kSealOverhead);
    const base::MutableBytes nonce = base::MutableBytes(sealed).first(kNonceBytes);
    rng.fill(nonce);
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        base::as_u8(base::MutableBytes(sealed).subspan(kNonceBytes)), nullptr,
        base::as_u8(plaintext), plaintext.size(), base::as_u8(context), context.size(), nullptr,
        base::as_u8(nonce), base::as_u8(base::ByteView(key.bytes)));
    return sealed;
}

base::Result<base::Bytes> open(const SealKey& key, base::ByteView sealed, base::ByteView context) {
    if (sealed.size() < kSealOverhead) {
        return base::fail(base::ErrorCode::kTruncated, "too short to be sealed bytes");
    }
    base::Bytes plaintext(sealed.size() - kSealOverhead);
    const base::ByteView box = sealed.subspan(kNonceBytes);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(
            base::as_u8(base::MutableBytes(plaintext)), nullptr, nullptr, base::as_u8(box),
            box.size(), base::as_u8(context), context.size(), base::as_u8(sealed),
            base::as_u8(base::ByteView(key.bytes))) != 0) {
        return base::fail(base::ErrorCode::kBadSignature, "sealed under another key, or changed");
    }
    return plaintext;
}

}  // namespace qe::crypto
