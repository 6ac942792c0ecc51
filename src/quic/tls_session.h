// SPDX-License-Identifier: Apache-2.0
//
// TlsSession: the TLS 1.3 handshake of one connection (RFC 9001), and the verdict on the peer.
//
// Owns the SSL object and its ngtcp2 glue. The peer's identity comes either from the certificate it
// shows, or, when a session is resumed, from the certificate sealed into the ticket; both ways it
// passes Trust anew, and on the dialling side it must be the expected node. A refusal is kept so
// that the connection can tell its caller why, and send the peer the right alert.
//
// Must not move: OpenSSL and ngtcp2 hold its address. Destroy it before its ngtcp2_conn.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <ngtcp2/ngtcp2_crypto_ossl.h>
#include <openssl/ssl.h>

#include "quic/c_handle.h"
#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/crypto/certificate.h"
#include "quicether/crypto/identity.h"
#include "quicether/crypto/trust.h"

namespace qe::quic {

class TlsContext;

/// TLS alert (RFC 8446, 6) that tells the peer why its certificate was refused.
[[nodiscard]] std::uint8_t alert_for(const base::Error& refusal) noexcept;

class TlsSession {
  public:
    explicit TlsSession(const TlsContext& context) noexcept : context_(context) {}
    ~TlsSession();
    TlsSession(const TlsSession&) = delete;
    TlsSession& operator=(const TlsSession&) = delete;

    /// `ticket` (DER of an SSL_SESSION) may be empty; one that is unusable or belongs to another
    /// peer is ignored. Errors: kTlsFailure.
    base::Status init_client(const crypto::NodeId& expected, base::ByteView ticket);
    /// `parameters_tag` names our transport parameters: 0-RTT is refused to tickets that were
    /// issued under others (RFC 9000, 7.4.1). Errors: kTlsFailure.
    base::Status init_server(std::uint64_t parameters_tag);
    /// Ties the two together; `conn` must live until this object is gone.
    void attach(ngtcp2_conn* conn) noexcept;

    /// The client may send 0-RTT.
    [[nodiscard]] bool early_data_offered() const noexcept { return early_data_offered_; }
    /// Our caller cannot use 0-RTT after all.
    void withdraw_early_data() noexcept;
    /// At the end of the handshake: the peer is known, trusted and speaks our protocol. A resumed
    /// peer is checked once more against the session that was really used.
    [[nodiscard]] bool confirm_peer();
    // The following hold once the handshake is complete.
    [[nodiscard]] bool early_data_accepted() const noexcept;
    [[nodiscard]] bool early_data_refused() const noexcept;
    [[nodiscard]] bool resumed() const noexcept;
    [[nodiscard]] std::string_view cipher() const;
    [[nodiscard]] std::string key_exchange() const;

    /// The key of the last certificate that verified, trusted or not: whom we refused.
    [[nodiscard]] const std::optional<crypto::PublicKey>& shown_key() const noexcept {
        return shown_key_;
    }
    /// The peer as far as it is known: verified, or (with 0-RTT) the owner of the ticket.
    [[nodiscard]] const std::optional<crypto::TrustedCertificate>& peer() const noexcept {
        return peer_;
    }
    [[nodiscard]] const std::optional<base::Error>& refusal() const noexcept { return refusal_; }
    /// The newest ticket the server sent, once.
    [[nodiscard]] std::optional<base::Bytes> take_ticket() noexcept;
    [[nodiscard]] bool has_ticket() const noexcept { return ticket_.has_value(); }

    // --- OpenSSL's callbacks, registered by TlsContext
    // --------------------------------------------
    static int on_verify(X509_STORE_CTX* store, void* arg) noexcept;
    static int on_new_ticket(SSL* ssl, SSL_SESSION* session) noexcept;
    static int on_make_ticket(SSL* ssl, void* arg) noexcept;
    static SSL_TICKET_RETURN on_open_ticket(SSL* ssl, SSL_SESSION* session,
                                            const unsigned char* name, std::size_t name_size,
                                            SSL_TICKET_STATUS status, void* arg) noexcept;
    static int on_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv,
                             EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int seal) noexcept;

  private:
    [[nodiscard]] static TlsSession* of(const SSL* ssl) noexcept;
    base::Status make_ssl(SSL_CTX* context);
    void offer_ticket(base::ByteView ticket);
    [[nodiscard]] bool accept_certificate(base::ByteView der);
    [[nodiscard]] bool accept_ticket(SSL_SESSION* session);
    [[nodiscard]] bool alpn_matches() const noexcept;

    const TlsContext& context_;
    UniqueHandle<ngtcp2_crypto_ossl_ctx, ngtcp2_crypto_ossl_ctx_del> glue_;
    UniqueHandle<SSL, SSL_free> ssl_;
    ngtcp2_crypto_conn_ref reference_{};
    ngtcp2_conn* conn_ = nullptr;
    std::optional<crypto::NodeId> expected_;
    std::uint64_t parameters_tag_ = 0;
    bool early_data_offered_ = false;
    std::optional<crypto::TrustedCertificate> peer_;
    std::optional<crypto::PublicKey> shown_key_;
    std::optional<base::Error> refusal_;
    std::optional<base::Bytes> ticket_;
};

}  // namespace qe::quic
