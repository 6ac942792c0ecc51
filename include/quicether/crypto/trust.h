// SPDX-License-Identifier: Apache-2.0
//
// Trust: which authenticated keys may hold a session with this node.
//
// Rules that combine, with none nobody is trusted:
//   allow-list   NodeIds and full public keys; whoever signed the certificate, TLS proves the key
//   network      the certificate is signed by the network's authority, and its key not revoked
//   token        the certificate proves that its owner has been invited (bearer_token.h)
// The allow-list is this node's own word and comes first: a key on it is let in even when the
// network has revoked it. An entry by NodeId matches the NodeId computed from the key that TLS
// authenticated. A value: the node builds a new one on reload or revocation and hands it to the
// QUIC endpoint.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_set>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/base/time.h"
#include "quicether/crypto/bearer_token.h"
#include "quicether/crypto/certificate.h"
#include "quicether/crypto/identity.h"

namespace qe::crypto {

enum class TrustRule : std::uint8_t { AllowList, Member, Token };

/// A peer that is let in, and why. By Member, `attributes` say what the network grants it; by
/// Token, which one it is (token_of()).
struct TrustedCertificate : CertificateFacts {
    TrustRule rule = TrustRule::AllowList;
};

class Trust {
  public:
    void allow(const NodeId& id) { ids_.insert(id); }
    void allow(const PublicKey& key) { keys_.insert(key); }
    /// The one network whose members are let in.
    void set_authority(const PublicKey& key) { authority_ = key; }
    void revoke(const NodeId& id) { revoked_.insert(id); }
    /// Lets in whoever bears it, and is not revoked.
    void admit(const BearerToken& token) { tokens_.insert_or_assign(token.id(), token); }

    /// By the allow-list alone.
    [[nodiscard]] bool allows(const PublicKey& key) const;

    /// verify_certificate() with the network's authority.
    [[nodiscard]] base::Result<CertificateFacts> verify(base::ByteView der,
                                                        base::UnixTime now) const;
    /// The rule that lets the owner of a certificate in that verify() has passed.
    /// Errors: kNotTrusted, with a sentence of its own for a revoked member.
    [[nodiscard]] base::Result<TrustRule> judge(const CertificateFacts& facts) const;
    /// The whole check of a peer's certificate: verify(), then judge(). Errors: those of both.
    [[nodiscard]] base::Result<TrustedCertificate> check(base::ByteView der,
                                                         base::UnixTime now) const;

  private:
    [[nodiscard]] bool bears_token(const CertificateFacts& facts) const;

    std::unordered_set<NodeId> ids_;
    std::unordered_set<PublicKey> keys_;
    std::optional<PublicKey> authority_;
    std::unordered_set<NodeId> revoked_;
    std::map<TokenId, BearerToken> tokens_;
};

}  // namespace qe::crypto
