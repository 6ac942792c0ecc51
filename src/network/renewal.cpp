// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/renewal.h"

#include "quicether/crypto/digest.h"

namespace qe::network {

base::UnixTime renewal_time(const crypto::CertificateFacts& facts) noexcept {
    const std::int64_t from = facts.validity.not_before.seconds;
    const std::int64_t life = facts.validity.not_after.seconds - from;
    // The serial number is random, hence so is what is drawn from it.
    const crypto::Sha256Digest draw = crypto::sha256(facts.serial);
    const std::int64_t range = life / 12 + 1;
    const std::int64_t jitter = std::int64_t{base::ByteReader(draw).u32()} % range;
    return {from + life / 3 * 2 - jitter};
}

bool needs_renewal(const crypto::CertificateFacts& facts, base::UnixTime now) noexcept {
    return now >= renewal_time(facts);
}

}  // namespace qe::network
