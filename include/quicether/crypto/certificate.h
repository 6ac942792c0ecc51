// SPDX-License-Identifier: Apache-2.0
//
// The X.509 certificates nodes show each other in TLS 1.3: self-signed over the Ed25519 node key.
//
// The certificate carries the key and a validity period; whom to believe is decided by Trust
// (trust.h) from the key alone. Names in a self-signed certificate prove nothing and are not used.
#pragma once

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/base/rng.h"
#include "quicether/base/time.h"
#include "quicether/crypto/identity.h"

namespace qe::crypto {

struct Validity {
    base::UnixTime not_before;
    base::UnixTime not_after;
};

/// Subject and issuer are CN=<node id in hex>; the serial is random (RFC 5280, 4.1.2.2). DER.
[[nodiscard]] base::Result<base::Bytes> make_self_signed_certificate(const Identity& identity,
                                                                     const Validity& validity,
                                                                     base::Rng& rng);

/// What a verified certificate says.
struct CertificateFacts {
    PublicKey key;
    NodeId node_id;
    Validity validity;
};

/// Checks one DER certificate from a stranger: strict DER of bounded size, version 3, Ed25519 key
/// and signature algorithm, self-signature valid, CN equal to the key's NodeId, `now` inside the
/// validity (with `kClockSkewAllowed` of tolerance at both ends).
/// Errors: kTooLarge, kBadCertificate, kBadSignature, kCertificateExpired, kCertificateNotYetValid.
[[nodiscard]] base::Result<CertificateFacts> verify_self_signed_certificate(base::ByteView der,
                                                                            base::UnixTime now);

inline constexpr std::size_t kCertificateBytesMax = 4096;
inline constexpr base::seconds kClockSkewAllowed{300};

}  // namespace qe::crypto
