// SPDX-License-Identifier: Apache-2.0
//
// The X.509 certificates nodes show each other in TLS 1.3, over their Ed25519 node keys: signed by
// that same key, or by a network's authority, which then vouches for attributes of the member.
//
// Whom to believe is decided by Trust (trust.h). The subject's name must be the key's NodeId, so it
// says nothing of its own; the issuer's name tells which key to verify with. There are no chains.
#pragma once

#include <cstddef>
#include <cstdint>

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

/// Most opaque bytes that a certificate can carry.
inline constexpr std::size_t kCertificateAttributesBytesMax = 1024;

/// Subject and issuer are CN=<node id in hex>; the serial is random (RFC 5280, 4.1.2.2).
/// `attributes`, if there are any, stand in a private extension
/// (2.25.333839060273587571361833788047518933279, an OCTET STRING). DER.
/// Errors: kInvalidArgument (validity), kTooLarge.
[[nodiscard]] base::Result<base::Bytes> make_self_signed_certificate(
    const Identity& identity, const Validity& validity, base::Rng& rng,
    base::ByteView attributes = {});

/// For `member`, signed by `authority`: issuer CN=<its key's NodeId in hex>, and `attributes` in
/// the same extension, even if empty. DER.
/// Errors: kInvalidArgument (validity, `member` is no point or is the authority's), kTooLarge.
[[nodiscard]] base::Result<base::Bytes> make_member_certificate(const Identity& authority,
                                                                const PublicKey& member,
                                                                base::ByteView attributes,
                                                                const Validity& validity,
                                                                base::Rng& rng);

enum class CertificateSigner : std::uint8_t {
    Self,
    Authority,   ///< The one whose key was given.
    Unverified,  ///< Another: says nothing beyond the key, which TLS proves by itself.
};

/// What a verified certificate says.
struct CertificateFacts {
    PublicKey key;
    NodeId node_id;
    Validity validity;
    CertificateSigner signer = CertificateSigner::Self;
    base::Bytes serial;      ///< 1 … 20 bytes, big-endian.
    base::Bytes attributes;  ///< As Self or the Authority signed them; empty if Unverified.
};

/// Checks one DER certificate from a stranger: strict DER of bounded size, version 3, Ed25519 key
/// and signature algorithm, subject CN equal to the key's NodeId, `now` inside the validity (with
/// `kClockSkewAllowed` of tolerance at both ends). Its signature is verified if the issuer is the
/// subject or the NodeId of `authority` (may be null); any other issuer must be a NodeId too.
/// Errors: kTooLarge, kBadCertificate, kBadSignature, kCertificateExpired, kCertificateNotYetValid.
[[nodiscard]] base::Result<CertificateFacts> verify_certificate(base::ByteView der,
                                                                base::UnixTime now,
                                                                const PublicKey* authority);

/// The same for a certificate that must be signed by its own key. Errors: those above;
/// kBadCertificate for another issuer.
[[nodiscard]] base::Result<CertificateFacts> verify_self_signed_certificate(base::ByteView der,
                                                                            base::UnixTime now);

inline constexpr std::size_t kCertificateBytesMax = 4096;
inline constexpr base::seconds kClockSkewAllowed{300};

}  // namespace qe::crypto
