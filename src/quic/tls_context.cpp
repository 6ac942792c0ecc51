// SPDX-License-Identifier: Apache-2.0
#include "quic/tls_context.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <array>
#include <limits>

#include "quic/tls_session.h"
#include "quicether/quic/types.h"

namespace qe::quic {
namespace {

using base::ErrorCode;

/// Hybrid post-quantum first (mlkem768 with X25519), plain X25519 second.
constexpr const char* kGroups = "X25519MLKEM768:X25519";
constexpr const char* kSignatures = "ed25519";
constexpr long kCertificateListBytesMax = 8192;
constexpr std::string_view kSessionIdContext = "quicether";

using EvpKey = UniqueHandle<EVP_PKEY, EVP_PKEY_free>;
using Certificate = UniqueHandle<X509, X509_free>;

/// RFC 7301 wire form of the one protocol we speak.
constexpr auto kAlpnWire = [] {
    std::array<unsigned char, 1 + kAlpn.size()> wire{};
    wire[0] = static_cast<unsigned char>(kAlpn.size());
    for (std::size_t i = 0; i < kAlpn.size(); ++i) {
        wire[i + 1] = static_cast<unsigned char>(kAlpn[i]);
    }
    return wire;
}();

int select_alpn(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                const unsigned char* in, unsigned int in_size, void* /*arg*/) noexcept {
    unsigned char* selected = nullptr;
    if (SSL_select_next_proto(&selected, out_size, kAlpnWire.data(), kAlpnWire.size(), in,
                              in_size) != OPENSSL_NPN_NEGOTIATED) {
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    }
    *out = selected;
    return SSL_TLSEXT_ERR_OK;
}

void configure_client(SSL_CTX* context) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, &TlsSession::on_new_ticket);
}

void configure_server(SSL_CTX* context) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_alpn_select_cb(context, &select_alpn, nullptr);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_session_id_context(context,
                                   reinterpret_cast<const unsigned char*>(kSessionIdContext.data()),
                                   static_cast<unsigned>(kSessionIdContext.size()));
    SSL_CTX_set_num_tickets(context, 1);
    // RFC 9001, 4.6.1: in QUIC this value only says that 0-RTT is possible.
    SSL_CTX_set_max_early_data(context, std::numeric_limits<std::uint32_t>::max());
    SSL_CTX_set_recv_max_early_data(context, std::numeric_limits<std::uint32_t>::max());
    SSL_CTX_set_session_ticket_cb(context, &TlsSession::on_make_ticket, &TlsSession::on_open_ticket,
                                  nullptr);
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, &TlsSession::on_ticket_key);
    // Replayed 0-RTT is told to the caller instead (ReceivedDatagram::early): OpenSSL's own
    // protection keeps state, which a restart would lose.
    SSL_CTX_set_options(context, SSL_OP_NO_ANTI_REPLAY | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA);
}

}  // namespace

const char* preferred_ciphers(bool has_aes) noexcept {
    return has_aes ? "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
                   : "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384";
}

bool processor_has_aes() noexcept {
#if defined(__x86_64__) || defined(__i386__)
    return __builtin_cpu_supports("aes") != 0;
#elif defined(__ARM_FEATURE_AES)
    return true;
#else
    return false;
#endif
}

TlsContext::TlsContext(const crypto::Identity& identity, base::UnixTime wall_now)
    : identity_(identity.clone()), wall_now_(wall_now), ticket_keys_(identity, wall_now) {}

base::Result<TlsContext::SslCtx> TlsContext::make_context(const SSL_METHOD* method) {
    SslCtx context(SSL_CTX_new(method));
    const base::ByteView seed = identity_.secret_seed();
    const EvpKey key(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, base::as_u8(seed), seed.size()));
    if (!context || !key || SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(context.get(), preferred_ciphers(processor_has_aes())) != 1 ||
        SSL_CTX_set1_groups_list(context.get(), kGroups) != 1 ||
        SSL_CTX_set1_sigalgs_list(context.get(), kSignatures) != 1 ||
        SSL_CTX_set1_client_sigalgs_list(context.get(), kSignatures) != 1 ||
        SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1) {
        return base::fail(ErrorCode::kTlsFailure, "cannot set up TLS");
    }
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_max_cert_list(context.get(), kCertificateListBytesMax);
    SSL_CTX_set_cert_verify_callback(context.get(), &TlsSession::on_verify, nullptr);
    return context;
}

base::Status TlsContext::init(base::Rng& rng) {
    QE_TRY(client_, make_context(TLS_client_method()));
    QE_TRY(server_, make_context(TLS_server_method()));
    configure_client(client_.get());
    configure_server(server_.get());
    // Unlike the rest of OpenSSL, this call returns 0 on success.
    if (SSL_CTX_set_alpn_protos(client_.get(), kAlpnWire.data(), kAlpnWire.size()) != 0) {
        return base::fail(ErrorCode::kTlsFailure, "cannot set the ALPN identifier");
    }
    return renew_certificate(rng);
}

base::Status TlsContext::set_wall_clock(base::UnixTime wall_now, base::Rng& rng) {
    wall_now_ = wall_now;
    ticket_keys_.set_wall_clock(identity_, wall_now);
    const std::int64_t half_life = validity_.not_before.seconds + kCertificateLifetime.count() / 2;
    if (wall_now.seconds >= validity_.not_before.seconds && wall_now.seconds < half_life) {
        return {};
    }
    return renew_certificate(rng);
}

base::Status TlsContext::renew_certificate(base::Rng& rng) {
    const std::int64_t start = wall_now_.seconds - kCertificateBackdating.count();
    const crypto::Validity validity{.not_before = {start},
                                    .not_after = {start + kCertificateLifetime.count()}};
    QE_TRY(const base::Bytes der,
           crypto::make_self_signed_certificate(identity_, validity, rng, credential_.attributes));
    validity_ = validity;
    return install_certificate(credential_.certificate.empty() ? base::ByteView(der)
                                                               : credential_.certificate);
}

base::Status TlsContext::set_credential(Credential credential, base::Rng& rng) {
    credential_ = std::move(credential);
    return renew_certificate(rng);
}

base::Status TlsContext::install_certificate(base::ByteView der) {
    QE_TRY_STATUS(install_certificate(client_.get(), der));
    return install_certificate(server_.get(), der);
}

base::Status TlsContext::install_certificate(SSL_CTX* context, base::ByteView der) {
    const unsigned char* at = base::as_u8(der);
    const Certificate certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (!certificate || SSL_CTX_use_certificate(context, certificate.get()) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return base::fail(ErrorCode::kTlsFailure, "OpenSSL refuses our own certificate");
    }
    return {};
}

}  // namespace qe::quic
