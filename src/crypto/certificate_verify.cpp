// SPDX-License-Identifier: Apache-2.0
//
// Verifies a stranger's self-signed certificate, from the cheapest check to the dearest.
//
// OpenSSL's chain builder is not used: there is no chain, and it reads the system's clock and
// defaults. Each rule below is a function that answers one question about the parsed certificate.
#include <chrono>
#include <ctime>
#include <optional>

#include <sodium.h>

#include "crypto/openssl_handles.h"
#include "quicether/crypto/certificate.h"

namespace qe::crypto {
namespace {

using base::ErrorCode;
using base::fail;

/// RFC 5280, 4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050.
constexpr int kFirstGeneralizedYear = 2050;
constexpr int kTmYearBase = 1900;

base::Result<CertificateHandle> decode(base::ByteView der) {
    if (der.size() > kCertificateBytesMax) {
        return fail(ErrorCode::kTooLarge, "the certificate is longer than 4096 bytes");
    }
    const unsigned char* cursor = base::as_u8(der);
    CertificateHandle certificate(
        d2i_X509(nullptr, &cursor, static_cast<long>(der.size())));  // NOLINT: OpenSSL's type
    if (!certificate || cursor != base::as_u8(der) + der.size()) {
        return fail(ErrorCode::kBadCertificate, "the certificate is not one whole X.509 structure");
    }
    return certificate;
}

/// Ed25519 without parameters (RFC 8410, section 3).
bool is_ed25519(const X509_ALGOR* algorithm) noexcept {
    const ASN1_OBJECT* object = nullptr;
    int parameter_type = V_ASN1_UNDEF;
    X509_ALGOR_get0(&object, &parameter_type, nullptr, algorithm);
    return OBJ_obj2nid(object) == NID_ED25519 && parameter_type == V_ASN1_UNDEF;
}

bool has_ed25519_algorithms(const X509* certificate) noexcept {
    const X509_ALGOR* outer = nullptr;
    X509_get0_signature(nullptr, &outer, certificate);
    return is_ed25519(outer) && is_ed25519(X509_get0_tbs_sigalg(certificate));
}

/// A critical extension that nobody here understands must not be passed over (RFC 5280, 4.2).
bool has_known_extensions(X509* certificate) noexcept {
    for (int i = 0; i < X509_get_ext_count(certificate); ++i) {
        X509_EXTENSION* extension = X509_get_ext(certificate, i);
        if (X509_EXTENSION_get_critical(extension) == 1 &&
            X509_supported_extension(extension) != 1) {
            return false;
        }
    }
    return (X509_get_extension_flags(certificate) & EXFLAG_INVALID) == 0;
}

/// The key, when it is Ed25519 and a point that only one secret can sign for: small-order and
/// non-canonical encodings would let one signature pass under several keys.
std::optional<PublicKey> public_key_of(const X509* certificate) {
    const EVP_PKEY* subject_key = X509_get0_pubkey(certificate);
    if (subject_key == nullptr || EVP_PKEY_get_id(subject_key) != EVP_PKEY_ED25519) {
        return std::nullopt;
    }
    PublicKey key;
    unsigned char* raw = base::as_u8(base::MutableBytes(key.bytes));
    std::size_t size = key.bytes.size();
    if (EVP_PKEY_get_raw_public_key(subject_key, raw, &size) != 1 || size != key.bytes.size() ||
        crypto_core_ed25519_is_valid_point(raw) != 1) {
        return std::nullopt;
    }
    return key;
}

/// Exactly one name part, the common name, with exactly this text.
bool is_named(const X509_NAME* name, std::string_view text) {
    if (X509_NAME_entry_count(name) != 1) {
        return false;
    }
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, 0);
    const ASN1_STRING* value = X509_NAME_ENTRY_get_data(entry);
    const int type = ASN1_STRING_type(value);
    return OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) == NID_commonName &&
           (type == V_ASN1_UTF8STRING || type == V_ASN1_PRINTABLESTRING) &&
           base::as_text(base::from_u8(ASN1_STRING_get0_data(value),
                                       static_cast<std::size_t>(ASN1_STRING_length(value)))) ==
               text;
}

std::optional<base::UnixTime> unix_time_of(const ASN1_TIME* time) {
    constexpr int kUtcTimeLength = 13;          // YYMMDDHHMMSSZ
    constexpr int kGeneralizedTimeLength = 15;  // YYYYMMDDHHMMSSZ
    const bool is_utc = ASN1_STRING_type(time) == V_ASN1_UTCTIME;
    std::tm parts{};
    if (ASN1_STRING_length(time) != (is_utc ? kUtcTimeLength : kGeneralizedTimeLength) ||
        ASN1_TIME_to_tm(time, &parts) != 1 ||
        is_utc != (parts.tm_year + kTmYearBase < kFirstGeneralizedYear)) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date(
        std::chrono::year(parts.tm_year + kTmYearBase),
        std::chrono::month(static_cast<unsigned>(parts.tm_mon + 1)),
        std::chrono::day(static_cast<unsigned>(parts.tm_mday)));
    const std::chrono::sys_seconds at =
        std::chrono::sys_days(date) + std::chrono::hours(parts.tm_hour) +
        std::chrono::minutes(parts.tm_min) + std::chrono::seconds(parts.tm_sec);
    return base::UnixTime{at.time_since_epoch().count()};
}

std::optional<Validity> validity_of(const X509* certificate) {
    const std::optional<base::UnixTime> from = unix_time_of(X509_get0_notBefore(certificate));
    const std::optional<base::UnixTime> until = unix_time_of(X509_get0_notAfter(certificate));
    if (!from || !until || *until < *from) {
        return std::nullopt;
    }
    return Validity{*from, *until};
}

/// Encodes afresh, nothing cached, and compares: only DER gives itself back. Comes after the
/// signature check, which needs the bytes as they were sent.
bool is_distinguished(X509* certificate, base::ByteView der) {
    if (i2d_re_X509_tbs(certificate, nullptr) <= 0 ||
        i2d_X509(certificate, nullptr) != static_cast<int>(der.size())) {
        return false;
    }
    base::Bytes again(der.size());
    unsigned char* cursor = base::as_u8(base::MutableBytes(again));
    return i2d_X509(certificate, &cursor) == static_cast<int>(der.size()) &&
           base::as_text(again) == base::as_text(der);
}

/// The signature, and then the encoding it was made over.
base::Status check_signature(X509* certificate, base::ByteView der) {
    if (X509_verify(certificate, X509_get0_pubkey(certificate)) != 1) {
        return fail(ErrorCode::kBadSignature, "the certificate is not signed by its own key");
    }
    if (!is_distinguished(certificate, der)) {
        return fail(ErrorCode::kBadCertificate, "the certificate is not in DER");
    }
    return {};
}

base::Status check_time(const Validity& validity, base::UnixTime now) {
    const std::int64_t skew = kClockSkewAllowed.count();
    if (now.seconds < validity.not_before.seconds - skew) {
        return fail(ErrorCode::kCertificateNotYetValid, "the certificate is not valid yet");
    }
    if (now.seconds > validity.not_after.seconds + skew) {
        return fail(ErrorCode::kCertificateExpired, "the certificate has expired");
    }
    return {};
}

}  // namespace

base::Result<CertificateFacts> verify_self_signed_certificate(base::ByteView der,
                                                              base::UnixTime now) {
    const ErrorQueueGuard guard;
    QE_TRY(const CertificateHandle certificate, decode(der));
    if (X509_get_version(certificate.get()) != X509_VERSION_3) {
        return fail(ErrorCode::kBadCertificate, "the certificate is not of version 3");
    }
    const std::optional<PublicKey> key = public_key_of(certificate.get());
    if (!key || !has_ed25519_algorithms(certificate.get())) {
        return fail(ErrorCode::kBadCertificate, "the certificate is not an Ed25519 one");
    }
    if (!has_known_extensions(certificate.get())) {
        return fail(ErrorCode::kBadCertificate, "the certificate has an unusable extension");
    }
    QE_TRY_STATUS(check_signature(certificate.get(), der));
    const NodeId id = node_id_of(*key);
    const std::string name = id.to_string();
    if (!is_named(X509_get_subject_name(certificate.get()), name) ||
        !is_named(X509_get_issuer_name(certificate.get()), name)) {
        return fail(ErrorCode::kBadCertificate, "the certificate's name is not its node id");
    }
    const std::optional<Validity> validity = validity_of(certificate.get());
    if (!validity) {
        return fail(ErrorCode::kBadCertificate, "the certificate's validity cannot be read");
    }
    QE_TRY_STATUS(check_time(*validity, now));
    return CertificateFacts{*key, id, *validity};
}

}  // namespace qe::crypto
