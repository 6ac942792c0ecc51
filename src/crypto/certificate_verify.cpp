// SPDX-License-Identifier: Apache-2.0
//
// Verifies a stranger's certificate, from the cheapest check to the dearest.
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

base::ByteView view_of(const ASN1_STRING* text) noexcept {
    return base::from_u8(ASN1_STRING_get0_data(text),
                         static_cast<std::size_t>(ASN1_STRING_length(text)));
}

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

/// The common name, when it is the only part of the name.
std::optional<std::string_view> sole_name(const X509_NAME* name) {
    if (X509_NAME_entry_count(name) != 1) {
        return std::nullopt;
    }
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, 0);
    const ASN1_STRING* value = X509_NAME_ENTRY_get_data(entry);
    const int type = ASN1_STRING_type(value);
    if (OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) != NID_commonName ||
        (type != V_ASN1_UTF8STRING && type != V_ASN1_PRINTABLESTRING)) {
        return std::nullopt;
    }
    return base::as_text(view_of(value));
}

/// Who signed, by the issuer's name; absent when that is no NodeId.
std::optional<CertificateSigner> signer_of(const X509* certificate, const NodeId& subject,
                                           const PublicKey* authority) {
    const std::optional<std::string_view> issuer = sole_name(X509_get_issuer_name(certificate));
    if (!issuer || issuer->size() != 2 * NodeId::kSize) {
        return std::nullopt;
    }
    const base::Result<NodeId> id = parse_node_id(*issuer);
    if (!id || id->to_string() != *issuer) {
        return std::nullopt;
    }
    if (*id == subject) {
        return CertificateSigner::Self;
    }
    return authority != nullptr && *id == node_id_of(*authority) ? CertificateSigner::Authority
                                                                 : CertificateSigner::Unverified;
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

bool is_signed_by(X509* certificate, const PublicKey& key) {
    const KeyHandle handle(EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, nullptr, base::as_u8(base::ByteView(key.bytes)), key.bytes.size()));
    return handle && X509_verify(certificate, handle.get()) == 1;
}

/// The signature, and then the encoding it was made over. `signer` may be null: not verified.
base::Status check_signature(X509* certificate, const PublicKey* signer, base::ByteView der) {
    if (signer != nullptr && !is_signed_by(certificate, *signer)) {
        return fail(ErrorCode::kBadSignature, "the certificate is not signed by its issuer's key");
    }
    if (!is_distinguished(certificate, der)) {
        return fail(ErrorCode::kBadCertificate, "the certificate is not in DER");
    }
    return {};
}

/// The content of the one OCTET STRING in DER that `value` must be.
base::Result<base::Bytes> unwrapped(const ASN1_OCTET_STRING* value) {
    const base::ByteView whole = view_of(value);
    const unsigned char* cursor = base::as_u8(whole);
    const OctetsHandle octets(d2i_ASN1_OCTET_STRING(
        nullptr, &cursor, static_cast<long>(whole.size())));  // NOLINT: OpenSSL's type
    if (!octets || cursor != base::as_u8(whole) + whole.size() ||
        i2d_ASN1_OCTET_STRING(octets.get(), nullptr) != static_cast<int>(whole.size())) {
        return fail(ErrorCode::kBadCertificate, "the certificate's attributes are not in DER");
    }
    const base::ByteView content = view_of(octets.get());
    if (content.size() > kCertificateAttributesBytesMax) {
        return fail(ErrorCode::kTooLarge, "the certificate's attributes are over 1024 bytes");
    }
    return base::Bytes(content.begin(), content.end());
}

/// Empty when there are none.
base::Result<base::Bytes> attributes_of(const X509* certificate) {
    const ObjectHandle oid(OBJ_txt2obj(kAttributesOid, 1));
    const int at = oid ? X509_get_ext_by_OBJ(certificate, oid.get(), -1) : -1;
    if (at < 0) {
        return base::Bytes{};
    }
    if (X509_get_ext_by_OBJ(certificate, oid.get(), at) >= 0) {
        return fail(ErrorCode::kBadCertificate, "the certificate has its attributes twice");
    }
    return unwrapped(X509_EXTENSION_get_data(X509_get_ext(certificate, at)));
}

/// RFC 5280, 4.1.2.2: positive, at most 20 bytes. DER leaves no leading zeros in `data`.
base::Result<base::Bytes> serial_of(const X509* certificate) {
    const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate);
    const base::ByteView bytes = view_of(serial);
    if (ASN1_STRING_type(serial) != V_ASN1_INTEGER || bytes.empty() || bytes.size() > 20) {
        return fail(ErrorCode::kBadCertificate, "the certificate's serial number is not in range");
    }
    return base::Bytes(bytes.begin(), bytes.end());
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

/// Version, key and algorithms are ours: the key.
base::Result<PublicKey> check_form(X509* certificate) {
    if (X509_get_version(certificate) != X509_VERSION_3) {
        return fail(ErrorCode::kBadCertificate, "the certificate is not of version 3");
    }
    const std::optional<PublicKey> key = public_key_of(certificate);
    if (!key || !has_ed25519_algorithms(certificate)) {
        return fail(ErrorCode::kBadCertificate, "the certificate is not an Ed25519 one");
    }
    if (!has_known_extensions(certificate)) {
        return fail(ErrorCode::kBadCertificate, "the certificate has an unusable extension");
    }
    return *key;
}

const PublicKey* key_of(CertificateSigner signer, const PublicKey& own,
                        const PublicKey* authority) noexcept {
    switch (signer) {
        case CertificateSigner::Self:
            return &own;
        case CertificateSigner::Authority:
            return authority;
        case CertificateSigner::Unverified:
            break;
    }
    return nullptr;
}

}  // namespace

base::Result<CertificateFacts> verify_certificate(base::ByteView der, base::UnixTime now,
                                                  const PublicKey* authority) {
    const ErrorQueueGuard guard;
    QE_TRY(const CertificateHandle certificate, decode(der));
    QE_TRY(const PublicKey key, check_form(certificate.get()));
    const NodeId id = node_id_of(key);
    const auto signer = signer_of(certificate.get(), id, authority);
    if (!signer) {
        return fail(ErrorCode::kBadCertificate, "the certificate's issuer is not a node id");
    }
    QE_TRY_STATUS(check_signature(certificate.get(), key_of(*signer, key, authority), der));
    if (sole_name(X509_get_subject_name(certificate.get())) != id.to_string()) {
        return fail(ErrorCode::kBadCertificate, "the certificate's name is not its node id");
    }
    const std::optional<Validity> validity = validity_of(certificate.get());
    if (!validity) {
        return fail(ErrorCode::kBadCertificate, "the certificate's validity cannot be read");
    }
    QE_TRY_STATUS(check_time(*validity, now));
    CertificateFacts facts{key, id, *validity, *signer, {}, {}};
    QE_TRY(facts.serial, serial_of(certificate.get()));
    if (*signer != CertificateSigner::Unverified) {
        QE_TRY(facts.attributes, attributes_of(certificate.get()));
    }
    return facts;
}

base::Result<CertificateFacts> verify_self_signed_certificate(base::ByteView der,
                                                              base::UnixTime now) {
    QE_TRY(CertificateFacts facts, verify_certificate(der, now, nullptr));
    if (facts.signer != CertificateSigner::Self) {
        return fail(ErrorCode::kBadCertificate, "the certificate is not signed by its own key");
    }
    return facts;
}

}  // namespace qe::crypto
