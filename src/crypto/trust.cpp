// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/trust.h"

namespace qe::crypto {

bool Trust::allows(const PublicKey& key) const {
    return keys_.contains(key) || (!ids_.empty() && ids_.contains(node_id_of(key)));
}

base::Result<CertificateFacts> Trust::check(base::ByteView der, base::UnixTime now) const {
    QE_TRY(CertificateFacts facts, verify_self_signed_certificate(der, now));
    if (!allows(facts.key)) {
        return base::fail(base::ErrorCode::kNotTrusted, "the peer's key is not on the allow-list");
    }
    return facts;
}

}  // namespace qe::crypto
