// SPDX-License-Identifier: Apache-2.0
//
// A stranger's certificate: no input crashes the verifier, and what passes says one thing only.
#include <cstddef>
#include <cstdint>

#include "quicether/base/assert.h"
#include "quicether/crypto/trust.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace qe;  // NOLINT: a test program
    constexpr base::UnixTime kNow{1'780'000'000};
    const base::ByteView der = base::from_u8(data, size);
    const auto facts = crypto::verify_self_signed_certificate(der, kNow);
    crypto::Trust nobody;
    QE_ASSERT(!nobody.check(der, kNow));
    if (facts) {
        QE_ASSERT(facts->node_id == crypto::node_id_of(facts->key));
        QE_ASSERT(facts->validity.not_before <= facts->validity.not_after);
        nobody.allow(facts->key);
        QE_ASSERT(nobody.check(der, kNow).has_value());
    }
    // The authority of the corpus' member certificates.
    static const crypto::PublicKey kAuthority = crypto::Identity::from_seed({}).public_key();
    const auto member = crypto::verify_certificate(der, kNow, &kAuthority);
    QE_ASSERT(!facts || member.has_value());
    if (member) {
        QE_ASSERT(member->node_id == crypto::node_id_of(member->key));
        QE_ASSERT(member->attributes.size() <= crypto::kCertificateAttributesBytesMax);
        QE_ASSERT(member->attributes.empty() ||
                  member->signer == crypto::CertificateSigner::Authority);
    }
    return 0;
}
