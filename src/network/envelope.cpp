// SPDX-License-Identifier: Apache-2.0
#include "network/envelope.h"

#include <algorithm>

#include "quicether/base/cbor.h"
#include "quicether/crypto/digest.h"
#include "quicether/network/signed.h"

namespace qe::network {
namespace {

void append(base::Bytes& out, base::ByteView bytes) {
    out.insert(out.end(), bytes.begin(), bytes.end());
}

base::Bytes signed_bytes(const SignatureScope& scope, base::ByteView payload) {
    base::Bytes message;
    message.reserve(scope.label.size() + 1 + scope.scope.size() + payload.size());
    append(message, base::as_bytes(scope.label));
    message.push_back(std::byte{0});
    append(message, scope.scope);
    append(message, payload);
    return message;
}

}  // namespace

base::Bytes sign_envelope(const crypto::Identity& signer, const SignatureScope& scope,
                          base::ByteView payload) {
    base::Bytes bytes;
    base::CborWriter out(bytes);
    out.array(2);
    out.byte_string(payload);
    out.byte_string(signer.sign(signed_bytes(scope, payload)));
    return bytes;
}

base::Result<Envelope> parse_envelope(base::ByteView bytes) {
    base::CborReader in(bytes);
    const bool pair = in.array() == 2;
    Envelope envelope;
    envelope.payload = in.byte_string();
    const base::ByteView signature = in.byte_string();
    if (!pair || !in.finished() || signature.size() != envelope.signature.size()) {
        return base::fail(base::ErrorCode::kMalformed, "not a signed statement");
    }
    std::copy(signature.begin(), signature.end(), envelope.signature.begin());
    return envelope;
}

base::Status verify_envelope(const Envelope& envelope, const SignatureScope& scope,
                             const crypto::PublicKey& key) {
    if (!crypto::verify(key, signed_bytes(scope, envelope.payload), envelope.signature)) {
        return base::fail(base::ErrorCode::kBadSignature, "the statement's signature is wrong");
    }
    return {};
}

Version version_of(std::uint64_t order, base::ByteView encoded) noexcept {
    const crypto::Sha256Digest digest = crypto::sha256(encoded);
    return {order, base::ByteReader(digest).u32()};
}

}  // namespace qe::network
