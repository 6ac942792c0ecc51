// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/trust.h"

#include <utility>

namespace qe::crypto {

bool Trust::allows(const PublicKey& key) const {
    return keys_.contains(key) || (!ids_.empty() && ids_.contains(node_id_of(key)));
}

base::Result<CertificateFacts> Trust::verify(base::ByteView der, base::UnixTime now) const {
    return verify_certificate(der, now, authority_ ? &*authority_ : nullptr);
}

bool Trust::bears_token(const CertificateFacts& facts) const {
    if (facts.signer != CertificateSigner::Self || revoked_.contains(facts.node_id)) {
        return false;
    }
    const auto id = token_of(facts.attributes);
    const auto token = id ? tokens_.find(*id) : tokens_.end();
    return token != tokens_.end() && token->second.proves(facts.attributes, facts.key);
}

base::Result<TrustRule> Trust::judge(const CertificateFacts& facts) const {
    if (allows(facts.key)) {
        return TrustRule::AllowList;
    }
    if (bears_token(facts)) {
        return TrustRule::Token;
    }
    if (!authority_) {
        return base::fail(base::ErrorCode::kNotTrusted, "the peer's key is not on the allow-list");
    }
    if (facts.signer != CertificateSigner::Authority) {
        return base::fail(base::ErrorCode::kNotTrusted,
                          "the peer is neither on the allow-list nor a member of the network");
    }
    if (revoked_.contains(facts.node_id)) {
        return base::fail(base::ErrorCode::kNotTrusted, "the peer's membership has been revoked");
    }
    return TrustRule::Member;
}

base::Result<TrustedCertificate> Trust::check(base::ByteView der, base::UnixTime now) const {
    QE_TRY(CertificateFacts facts, verify(der, now));
    QE_TRY(const TrustRule rule, judge(facts));
    return TrustedCertificate{std::move(facts), rule};
}

}  // namespace qe::crypto
