// SPDX-License-Identifier: Apache-2.0
//
// Makes a node's self-signed certificate. RFC 5280 for the frame, RFC 8410 for Ed25519 in it.
#include <chrono>

#include "crypto/openssl_handles.h"
#include "quicether/crypto/certificate.h"

namespace qe::crypto {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::size_t kSerialBytes = 16;
constexpr int kKeyUsageDigitalSignature = 0;  // RFC 5280, 4.2.1.3: bit 0

/// The years that both ASN.1 time types can name between them.
constexpr std::int64_t unix_seconds(std::chrono::year_month_day date) noexcept {
    return std::chrono::sys_seconds(std::chrono::sys_days(date)).time_since_epoch().count();
}
constexpr std::int64_t kEarliest = unix_seconds(std::chrono::year(1950) / std::chrono::January / 1);
constexpr std::int64_t kLatest =
    unix_seconds(std::chrono::year(9999) / std::chrono::December / 31) + 86399;

bool is_encodable(const Validity& validity) noexcept {
    return kEarliest <= validity.not_before.seconds && validity.not_before <= validity.not_after &&
           validity.not_after.seconds <= kLatest;
}

/// Positive, 16 bytes whatever was drawn (RFC 5280, 4.1.2.2).
bool set_serial(X509* certificate, base::Rng& rng) {
    std::array<std::byte, kSerialBytes> bytes{};
    rng.fill(bytes);
    bytes[0] = (bytes[0] & std::byte{0x3f}) | std::byte{0x40};
    BIGNUM* number =
        BN_bin2bn(base::as_u8(base::ByteView(bytes)), static_cast<int>(bytes.size()), nullptr);
    const bool done = number != nullptr &&
                      BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
    BN_free(number);
    return done;
}

bool set_validity(X509* certificate, const Validity& validity) {
    const TimeHandle from(ASN1_TIME_set(nullptr, validity.not_before.seconds));
    const TimeHandle until(ASN1_TIME_set(nullptr, validity.not_after.seconds));
    return from && until && X509_set1_notBefore(certificate, from.get()) == 1 &&
           X509_set1_notAfter(certificate, until.get()) == 1;
}

bool set_names(X509* certificate, const NodeId& id) {
    const std::string text = id.to_string();
    const NameHandle name(X509_NAME_new());
    return name &&
           X509_NAME_add_entry_by_NID(name.get(), NID_commonName, MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()), -1, 0) == 1 &&
           X509_set_subject_name(certificate, name.get()) == 1 &&
           X509_set_issuer_name(certificate, name.get()) == 1;
}

/// Not a CA, and the key signs handshakes only.
bool add_extensions(X509* certificate) {
    const ConstraintsHandle constraints(BASIC_CONSTRAINTS_new());
    const BitStringHandle usage(ASN1_BIT_STRING_new());
    return constraints && usage &&
           ASN1_BIT_STRING_set_bit(usage.get(), kKeyUsageDigitalSignature, 1) == 1 &&
           X509_add1_ext_i2d(certificate, NID_basic_constraints, constraints.get(), 1,
                             X509V3_ADD_DEFAULT) == 1 &&
           X509_add1_ext_i2d(certificate, NID_key_usage, usage.get(), 1, X509V3_ADD_DEFAULT) == 1;
}

base::Bytes encode(X509* certificate) {
    const int size = i2d_X509(certificate, nullptr);
    if (size <= 0) {
        return {};
    }
    base::Bytes der(static_cast<std::size_t>(size));
    unsigned char* cursor = base::as_u8(base::MutableBytes(der));
    return i2d_X509(certificate, &cursor) == size ? der : base::Bytes{};
}

}  // namespace

base::Result<base::Bytes> make_self_signed_certificate(const Identity& identity,
                                                       const Validity& validity, base::Rng& rng) {
    if (!is_encodable(validity)) {
        return fail(ErrorCode::kInvalidArgument, "the validity period is reversed or not in range");
    }
    const ErrorQueueGuard guard;
    const base::ByteView seed = identity.secret_seed();
    const KeyHandle key(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, base::as_u8(seed), seed.size()));
    const CertificateHandle certificate(X509_new());
    if (!key || !certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
        !set_serial(certificate.get(), rng) || !set_validity(certificate.get(), validity) ||
        !set_names(certificate.get(), identity.node_id()) ||
        X509_set_pubkey(certificate.get(), key.get()) != 1 || !add_extensions(certificate.get()) ||
        X509_sign(certificate.get(), key.get(), nullptr) <= 0) {
        return fail(ErrorCode::kCryptoFailure, "the certificate cannot be made");
    }
    base::Bytes der = encode(certificate.get());
    if (der.empty()) {
        return fail(ErrorCode::kCryptoFailure, "the certificate cannot be encoded");
    }
    return der;
}

}  // namespace qe::crypto
