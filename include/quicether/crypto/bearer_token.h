// SPDX-License-Identifier: Apache-2.0
//
// BearerToken: a secret that lets in whoever has it, whatever the key: what an invite is to TLS.
//
// Who bears a token shows a self-signed certificate whose attributes are
//     id of the token (16 bytes) ‖ MAC of the certificate's key under the token (16 bytes)
// which proves possession without giving the token away, and is of no use to another key.
#pragma once

#include <optional>

#include "quicether/base/bytes.h"
#include "quicether/crypto/identity.h"
#include "quicether/crypto/mac.h"

namespace qe::crypto {

/// Names a token; says nothing about the secret.
using TokenId = Mac;

class BearerToken {
  public:
    /// `key`: for this one pair of issuer and invite, from a secret of full entropy.
    explicit BearerToken(const MacKey& key) noexcept;

    [[nodiscard]] const TokenId& id() const noexcept { return id_; }
    /// The attributes that `bearer` shows.
    [[nodiscard]] base::Bytes attributes(const PublicKey& bearer) const;
    [[nodiscard]] bool proves(base::ByteView attributes, const PublicKey& bearer) const noexcept;

  private:
    [[nodiscard]] Mac proof(const PublicKey& bearer) const noexcept;

    MacKey key_;
    TokenId id_;
};

/// The token that attributes speak of; none if they are not of this form.
[[nodiscard]] std::optional<TokenId> token_of(base::ByteView attributes) noexcept;

}  // namespace qe::crypto
