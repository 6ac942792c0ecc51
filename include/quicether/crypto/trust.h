// SPDX-License-Identifier: Apache-2.0
//
// Trust: which authenticated keys may hold a session with this node.
//
// An allow-list of NodeIds and full public keys. Empty means nobody. An entry by NodeId matches the
// NodeId computed from the key that TLS authenticated. A value: the node builds a new one on reload
// and hands it to the QUIC endpoint.
#pragma once

#include <cstddef>
#include <unordered_set>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/base/time.h"
#include "quicether/crypto/certificate.h"
#include "quicether/crypto/identity.h"

namespace qe::crypto {

class Trust {
  public:
    void allow(const NodeId& id) { ids_.insert(id); }
    void allow(const PublicKey& key) { keys_.insert(key); }

    [[nodiscard]] bool allows(const PublicKey& key) const;

    /// The whole check of a peer's certificate: verify_self_signed_certificate(), then the list.
    /// Errors: those of the verification, and kNotTrusted.
    [[nodiscard]] base::Result<CertificateFacts> check(base::ByteView der,
                                                       base::UnixTime now) const;

  private:
    std::unordered_set<NodeId> ids_;
    std::unordered_set<PublicKey> keys_;
};

}  // namespace qe::crypto
