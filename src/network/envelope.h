// SPDX-License-Identifier: Apache-2.0
//
// The envelope of every signed statement: CBOR [payload, signature], both byte strings.
//
// Signed is: label, a zero byte, scope, payload. The label names the kind of statement and no label
// begins another; the scope (nothing, or a NetworkId) has one size per label.
#pragma once

#include <string_view>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/crypto/identity.h"

namespace qe::network {

struct SignatureScope {
    std::string_view label;
    base::ByteView scope;
};

[[nodiscard]] base::Bytes sign_envelope(const crypto::Identity& signer, const SignatureScope& scope,
                                        base::ByteView payload);

struct Envelope {
    base::ByteView payload;
    crypto::Signature signature{};
};

/// Errors: kMalformed.
[[nodiscard]] base::Result<Envelope> parse_envelope(base::ByteView bytes);
/// Errors: kBadSignature.
[[nodiscard]] base::Status verify_envelope(const Envelope& envelope, const SignatureScope& scope,
                                           const crypto::PublicKey& key);

}  // namespace qe::network
