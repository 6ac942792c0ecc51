// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/digest.h"

#include <openssl/evp.h>

#include "quicether/base/assert.h"

namespace qe::crypto {
namespace {

template <typename Digest>
Digest digest_of(base::ByteView bytes, const EVP_MD* algorithm) noexcept {
    Digest digest{};
    unsigned size = 0;
    const int done = EVP_Digest(bytes.data(), bytes.size(), base::as_u8(base::MutableBytes(digest)),
                                &size, algorithm, nullptr);
    QE_ASSERT(done == 1 && size == digest.size());
    return digest;
}

}  // namespace

Sha1Digest sha1(base::ByteView bytes) noexcept { return digest_of<Sha1Digest>(bytes, EVP_sha1()); }

Sha256Digest sha256(base::ByteView bytes) noexcept {
    return digest_of<Sha256Digest>(bytes, EVP_sha256());
}

}  // namespace qe::crypto
