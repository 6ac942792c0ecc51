// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/digest.h"

#include <openssl/evp.h>

#include "quicether/base/assert.h"

namespace qe::crypto {

Sha1Digest sha1(base::ByteView bytes) noexcept {
    Sha1Digest digest{};
    unsigned size = 0;
    const int done = EVP_Digest(bytes.data(), bytes.size(), base::as_u8(base::MutableBytes(digest)),
                                &size, EVP_sha1(), nullptr);
    QE_ASSERT(done == 1 && size == digest.size());
    return digest;
}

}  // namespace qe::crypto
