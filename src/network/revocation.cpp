// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/revocation.h"

#include "network/envelope.h"
#include "network/fields.h"
#include "quicether/base/assert.h"

namespace qe::network {
namespace {

using base::ErrorCode;

constexpr SignatureScope kScope{"quicether revocation 1", {}};

enum Key : std::uint64_t { kNodeKey = 1, kAtKey = 2, kReasonKey = 3 };
constexpr std::uint64_t kRequired = 0b1110;

/// Never 0, which stands for no revocation.
std::uint64_t order_of(const Revocation& revocation) noexcept {
    return static_cast<std::uint64_t>(revocation.at.seconds) + 1;
}

}  // namespace

std::string_view to_text(RevocationReason reason) noexcept {
    switch (reason) {
        case RevocationReason::Unspecified:
            return "unspecified";
        case RevocationReason::KeyCompromised:
            return "key compromised";
        case RevocationReason::Left:
            return "left";
        case RevocationReason::Removed:
            return "removed";
    }
    return "unknown";
}

Signed<Revocation> sign_revocation(const crypto::Identity& authority,
                                   const Revocation& revocation) {
    QE_ASSERT(revocation.at.seconds >= 0);
    base::Bytes payload;
    FieldWriter out(payload);
    out.map(3);
    out.key(kNodeKey), out.bytes(revocation.node.bytes);
    out.key(kAtKey), out.time(revocation.at);
    out.key(kReasonKey), out.number(static_cast<std::uint64_t>(revocation.reason));
    base::Bytes encoded = sign_envelope(authority, kScope, payload);
    const Version version = version_of(order_of(revocation), encoded);
    return {revocation, std::move(encoded), version};
}

base::Result<Signed<Revocation>> parse_revocation(base::ByteView bytes,
                                                  const crypto::PublicKey& authority) {
    if (bytes.size() > kRevocationBytesMax) {
        return base::fail(ErrorCode::kTooLarge, "the revocation is too long");
    }
    QE_TRY(const Envelope envelope, parse_envelope(bytes));
    Revocation revocation;
    FieldReader in(envelope.payload);
    in.map(kRequired, [&](std::uint64_t key) {
        switch (key) {
            case kNodeKey:
                revocation.node = in.node_id();
                return true;
            case kAtKey:
                revocation.at = in.time();
                return true;
            case kReasonKey:
                revocation.reason = in.enumerator(RevocationReason::Removed);
                return true;
            default:
                return false;
        }
    });
    if (!in.finished()) {
        return base::fail(ErrorCode::kMalformed, "the revocation is malformed");
    }
    QE_TRY_STATUS(verify_envelope(envelope, kScope, authority));
    return Signed<Revocation>{
        revocation, {bytes.begin(), bytes.end()}, version_of(order_of(revocation), bytes)};
}

}  // namespace qe::network
