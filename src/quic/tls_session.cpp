// SPDX-License-Identifier: Apache-2.0
#include "quic/tls_session.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <cstring>

#include "quic/tls_context.h"
#include "quicether/quic/types.h"

namespace qe::quic {
namespace {

using base::ErrorCode;
using Session = UniqueHandle<SSL_SESSION, SSL_SESSION_free>;

/// Larger than any ticket we make; an SSL_SESSION carries one certificate and one ticket.
constexpr int kTicketBytesMax = 16 * 1024;

/// Empty when there is no certificate or it is too large to be one of ours.
base::Bytes to_der(X509* certificate) {
    if (certificate == nullptr) {
        return {};
    }
    const int size = i2d_X509(certificate, nullptr);
    if (size <= 0 || static_cast<std::size_t>(size) > crypto::kCertificateBytesMax) {
        return {};
    }
    base::Bytes der(static_cast<std::size_t>(size));
    unsigned char* at = base::as_u8(base::MutableBytes(der));
    i2d_X509(certificate, &at);
    return der;
}

}  // namespace

std::uint8_t alert_for(const base::Error& refusal) noexcept {
    switch (refusal.code) {
        case ErrorCode::kNotTrusted:
        case ErrorCode::kWrongIdentity:
            return SSL_AD_ACCESS_DENIED;
        case ErrorCode::kCertificateExpired:
            return SSL_AD_CERTIFICATE_EXPIRED;
        case ErrorCode::kCertificateNotYetValid:
            return SSL_AD_CERTIFICATE_UNKNOWN;
        default:
            return SSL_AD_BAD_CERTIFICATE;
    }
}

TlsSession::~TlsSession() {
    if (ssl_) {
        // The glue would otherwise look for its ngtcp2_conn while SSL_free() winds up.
        SSL_set_app_data(ssl_.get(), nullptr);
    }
    ssl_.reset();
    if (ticket_) {
        base::wipe(*ticket_);
    }
}

TlsSession* TlsSession::of(const SSL* ssl) noexcept {
    auto* const reference = static_cast<ngtcp2_crypto_conn_ref*>(SSL_get_app_data(ssl));
    return reference == nullptr ? nullptr : static_cast<TlsSession*>(reference->user_data);
}

base::Status TlsSession::make_ssl(SSL_CTX* context) {
    ERR_clear_error();
    ssl_.reset(SSL_new(context));
    ngtcp2_crypto_ossl_ctx* glue = nullptr;
    if (!ssl_ || ngtcp2_crypto_ossl_ctx_new(&glue, ssl_.get()) != 0) {
        return base::fail(ErrorCode::kTlsFailure, "cannot start TLS");
    }
    glue_.reset(glue);
    reference_.get_conn = [](ngtcp2_crypto_conn_ref* reference) noexcept {
        return static_cast<TlsSession*>(reference->user_data)->conn_;
    };
    reference_.user_data = this;
    SSL_set_app_data(ssl_.get(), &reference_);
    return {};
}

base::Status TlsSession::init_client(const crypto::NodeId& expected, base::ByteView ticket) {
    expected_ = expected;
    QE_TRY_STATUS(make_ssl(context_.client()));
    if (ngtcp2_crypto_ossl_configure_client_session(ssl_.get()) != 0) {
        return base::fail(ErrorCode::kTlsFailure, "cannot attach TLS to QUIC");
    }
    SSL_set_connect_state(ssl_.get());
    if (!ticket.empty() && ticket.size() <= kTicketBytesMax) {
        offer_ticket(ticket);
    }
    return {};
}

base::Status TlsSession::init_server(std::uint64_t parameters_tag) {
    parameters_tag_ = parameters_tag;
    QE_TRY_STATUS(make_ssl(context_.server()));
    if (ngtcp2_crypto_ossl_configure_server_session(ssl_.get()) != 0) {
        return base::fail(ErrorCode::kTlsFailure, "cannot attach TLS to QUIC");
    }
    SSL_set_accept_state(ssl_.get());
    SSL_set_quic_tls_early_data_enabled(ssl_.get(), 1);
    return {};
}

void TlsSession::attach(ngtcp2_conn* conn) noexcept {
    conn_ = conn;
    ngtcp2_conn_set_tls_native_handle(conn, glue_.get());
}

void TlsSession::offer_ticket(base::ByteView ticket) {
    const unsigned char* at = base::as_u8(ticket);
    const Session session(d2i_SSL_SESSION(nullptr, &at, static_cast<long>(ticket.size())));
    if (!session || !accept_ticket(session.get()) ||
        SSL_set_session(ssl_.get(), session.get()) != 1) {
        ERR_clear_error();
        peer_.reset();
        return;
    }
    if (SSL_SESSION_get_max_early_data(session.get()) > 0) {
        SSL_set_quic_tls_early_data_enabled(ssl_.get(), 1);
        early_data_offered_ = true;
    }
}

bool TlsSession::accept_certificate(base::ByteView der) {
    const auto facts = context_.verify(der);
    if (!facts) {
        refusal_ = facts.error();
        return false;
    }
    shown_key_ = facts->key;
    if (expected_ && facts->node_id != *expected_) {
        refusal_ = base::Error{ErrorCode::kWrongIdentity, 0, "the peer is another node"};
        return false;
    }
    const auto rule = context_.judge(*facts);
    if (!rule) {
        refusal_ = rule.error();
        return false;
    }
    peer_ = crypto::TrustedCertificate{*facts, *rule};
    return true;
}

/// A ticket is as good as the certificate in it is today; a stale one only costs the resumption,
/// so the verdict is not kept as a refusal.
bool TlsSession::accept_ticket(SSL_SESSION* session) {
    const base::Bytes der = to_der(SSL_SESSION_get0_peer(session));
    const bool accepted = !der.empty() && accept_certificate(der);
    refusal_.reset();
    return accepted;
}

int TlsSession::on_verify(X509_STORE_CTX* store, void* /*arg*/) noexcept {
    const auto* const ssl = static_cast<const SSL*>(
        X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    TlsSession* const self = ssl == nullptr ? nullptr : of(ssl);
    if (self == nullptr) {
        return 0;
    }
    self->peer_.reset();
    if (self->accept_certificate(to_der(X509_STORE_CTX_get0_cert(store)))) {
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
    return 0;
}

int TlsSession::on_new_ticket(SSL* ssl, SSL_SESSION* session) noexcept {
    TlsSession* const self = of(ssl);
    const int size = i2d_SSL_SESSION(session, nullptr);
    if (self != nullptr && size > 0 && size <= kTicketBytesMax) {
        base::Bytes ticket(static_cast<std::size_t>(size));
        unsigned char* at = base::as_u8(base::MutableBytes(ticket));
        i2d_SSL_SESSION(session, &at);
        self->ticket_ = std::move(ticket);
    }
    return 0;  // OpenSSL keeps its reference
}

int TlsSession::on_make_ticket(SSL* ssl, void* /*arg*/) noexcept {
    const TlsSession* const self = of(ssl);
    return self == nullptr
               ? 0
               : SSL_SESSION_set1_ticket_appdata(SSL_get0_session(ssl), &self->parameters_tag_,
                                                 sizeof(self->parameters_tag_));
}

SSL_TICKET_RETURN TlsSession::on_open_ticket(SSL* ssl, SSL_SESSION* session,
                                             const unsigned char* /*name*/,
                                             std::size_t /*name_size*/, SSL_TICKET_STATUS status,
                                             void* /*arg*/) noexcept {
    if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    TlsSession* const self = of(ssl);
    void* data = nullptr;
    std::size_t size = 0;
    if (self == nullptr || SSL_SESSION_get0_ticket_appdata(session, &data, &size) != 1 ||
        size != sizeof(self->parameters_tag_) ||
        std::memcmp(data, &self->parameters_tag_, size) != 0 || !self->accept_ticket(session)) {
        return SSL_TICKET_RETURN_IGNORE_RENEW;
    }
    return SSL_TICKET_RETURN_USE_RENEW;
}

int TlsSession::on_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv,
                              EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int seal) noexcept {
    const TlsSession* const self = of(ssl);
    return self == nullptr ? -1
                           : self->context_.ticket_keys().prepare(name, iv, cipher, mac, seal != 0);
}

void TlsSession::withdraw_early_data() noexcept {
    SSL_set_quic_tls_early_data_enabled(ssl_.get(), 0);
    early_data_offered_ = false;
}

bool TlsSession::confirm_peer() {
    if (resumed() && !accept_ticket(SSL_get0_session(ssl_.get()))) {
        peer_.reset();
        refusal_ = base::Error{ErrorCode::kNotTrusted, 0, "the resumed peer is no longer trusted"};
    }
    return peer_.has_value() && alpn_matches();
}

bool TlsSession::early_data_refused() const noexcept {
    return early_data_offered_ ? !early_data_accepted()
                               : SSL_get_early_data_status(ssl_.get()) == SSL_EARLY_DATA_REJECTED;
}

bool TlsSession::early_data_accepted() const noexcept {
    return SSL_get_early_data_status(ssl_.get()) == SSL_EARLY_DATA_ACCEPTED;
}

bool TlsSession::resumed() const noexcept { return SSL_session_reused(ssl_.get()) == 1; }

bool TlsSession::alpn_matches() const noexcept {
    const unsigned char* name = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &size);
    return base::as_text(base::from_u8(name, size)) == kAlpn;
}

std::string_view TlsSession::cipher() const {
    const SSL_CIPHER* const cipher = SSL_get_current_cipher(ssl_.get());
    return cipher == nullptr ? std::string_view() : SSL_CIPHER_get_name(cipher);
}

std::string TlsSession::key_exchange() const {
    const char* const name = SSL_get0_group_name(ssl_.get());
    return name == nullptr ? std::string() : name;
}

std::optional<base::Bytes> TlsSession::take_ticket() noexcept {
    return std::exchange(ticket_, std::nullopt);
}

}  // namespace qe::quic
