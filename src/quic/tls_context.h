// SPDX-License-Identifier: Apache-2.0
//
// TlsContext: the TLS 1.3 configuration of a node for both roles, and whom it believes.
//
// Both roles show the same certificate over the node key and demand the peer's. OpenSSL
// neither builds chains nor looks at its own clock: crypto::Trust decides, with the wall time it is
// given (RFC 9001, 4; docs/protocol/quic.md). Secrets are never exported to a key log.
#pragma once

#include <openssl/ssl.h>

#include "quic/c_handle.h"
#include "quic/ticket_keys.h"
#include "quicether/base/result.h"
#include "quicether/base/rng.h"
#include "quicether/base/time.h"
#include "quicether/crypto/certificate.h"
#include "quicether/crypto/identity.h"
#include "quicether/crypto/trust.h"
#include "quicether/quic/types.h"

namespace qe::quic {

/// OpenSSL's list of cipher suites, the fastest on this processor first.
[[nodiscard]] const char* preferred_ciphers(bool has_aes) noexcept;
[[nodiscard]] bool processor_has_aes() noexcept;

class TlsContext {
  public:
    static constexpr base::seconds kCertificateLifetime{30 * 24 * 3600};
    /// Peers whose clock is behind ours must not find the certificate "not yet valid".
    static constexpr base::seconds kCertificateBackdating{3600};

    TlsContext(const crypto::Identity& identity, base::UnixTime wall_now);
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    /// Makes both SSL_CTX and the first certificate; once, before anything else.
    /// Errors: kTlsFailure, kCryptoFailure.
    base::Status init(base::Rng& rng);

    void set_trust(crypto::Trust trust) { trust_ = std::move(trust); }
    /// Renews the certificate when half of its life is over, or the clock went back before it.
    base::Status set_wall_clock(base::UnixTime wall_now, base::Rng& rng);

    [[nodiscard]] base::UnixTime wall_now() const noexcept { return wall_now_; }
    [[nodiscard]] SSL_CTX* client() const noexcept { return client_.get(); }
    [[nodiscard]] SSL_CTX* server() const noexcept { return server_.get(); }
    [[nodiscard]] const TicketKeys& ticket_keys() const noexcept { return ticket_keys_; }
    [[nodiscard]] const crypto::Validity& certificate_validity() const noexcept {
        return validity_;
    }

    /// What we show from now on; connections that exist keep what they have shown.
    base::Status set_credential(Credential credential, base::Rng& rng);

    /// Whose certificate this is and that it is in order now; whether we let them in, judge() says.
    [[nodiscard]] base::Result<crypto::CertificateFacts> verify(base::ByteView der) const {
        return trust_.verify(der, wall_now_);
    }
    [[nodiscard]] base::Result<crypto::TrustRule> judge(
        const crypto::CertificateFacts& facts) const {
        return trust_.judge(facts);
    }

  private:
    using SslCtx = UniqueHandle<SSL_CTX, SSL_CTX_free>;

    [[nodiscard]] base::Result<SslCtx> make_context(const SSL_METHOD* method);
    base::Status renew_certificate(base::Rng& rng);
    base::Status install_certificate(base::ByteView der);
    base::Status install_certificate(SSL_CTX* context, base::ByteView der);

    crypto::Identity identity_;
    base::UnixTime wall_now_;
    TicketKeys ticket_keys_;
    crypto::Trust trust_;
    Credential credential_;
    crypto::Validity validity_;  ///< Of the certificate we signed ourselves.
    SslCtx client_;
    SslCtx server_;
};

}  // namespace qe::quic
