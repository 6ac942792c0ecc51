// SPDX-License-Identifier: Apache-2.0
//
// Revocation: the authority's word that a node is no member any more, for good.
//
// Each stands and is signed alone, so sets of them merge by union: none is lost when two admins
// revoke at the same time, and one travels in some hundred bytes. It names the key (by NodeId), not
// a certificate, so no other certificate over that key is good either.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "quicether/base/result.h"
#include "quicether/base/time.h"
#include "quicether/crypto/identity.h"
#include "quicether/network/signed.h"

namespace qe::network {

enum class RevocationReason : std::uint8_t {
    Unspecified,
    KeyCompromised,
    Left,     ///< The member left the network.
    Removed,  ///< By an admin's decision.
};
[[nodiscard]] std::string_view to_text(RevocationReason reason) noexcept;

struct Revocation {
    crypto::NodeId node;
    base::UnixTime at;
    RevocationReason reason = RevocationReason::Unspecified;
    friend bool operator==(const Revocation&, const Revocation&) = default;
};

/// `revocation.at` is not before 1970 (asserted).
[[nodiscard]] Signed<Revocation> sign_revocation(const crypto::Identity& authority,
                                                 const Revocation& revocation);

/// Errors: kTooLarge, kMalformed, kBadSignature.
[[nodiscard]] base::Result<Signed<Revocation>> parse_revocation(base::ByteView bytes,
                                                                const crypto::PublicKey& authority);

inline constexpr std::size_t kRevocationBytesMax = 256;

}  // namespace qe::network
