// SPDX-License-Identifier: Apache-2.0
//
// Makes certificates: a node's own, and a network authority's for its members. RFC 5280 for the
// frame, RFC 8410 for Ed25519 in it.
#include <chrono>

#include <sodium.h>

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

NameHandle name_of(const NodeId& id) {
    const std::string text = id.to_string();
    NameHandle name(X509_NAME_new());
    if (!name || X509_NAME_add_entry_by_NID(name.get(), NID_commonName, MBSTRING_UTF8,
                                            reinterpret_cast<const unsigned char*>(text.data()),
                                            static_cast<int>(text.size()), -1, 0) != 1) {
        return nullptr;
    }
    return name;
}

bool set_names(X509* certificate, const NodeId& subject, const NodeId& issuer) {
    const NameHandle subject_name = name_of(subject);
    const NameHandle issuer_name = name_of(issuer);
    return subject_name && issuer_name &&
           X509_set_subject_name(certificate, subject_name.get()) == 1 &&
           X509_set_issuer_name(certificate, issuer_name.get()) == 1;
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

/// extnValue holds DER (RFC 5280, 4.1): an OCTET STRING with the attributes in it.
bool add_attributes(X509* certificate, base::ByteView attributes) {
    const ObjectHandle oid(OBJ_txt2obj(kAttributesOid, 1));
    const OctetsHandle value(ASN1_OCTET_STRING_new());
    const OctetsHandle wrapped(ASN1_OCTET_STRING_new());
    if (!oid || !value || !wrapped ||
        ASN1_OCTET_STRING_set(value.get(), base::as_u8(attributes),
                              static_cast<int>(attributes.size())) != 1) {
        return false;
    }
    unsigned char* der = nullptr;
    const int size = i2d_ASN1_OCTET_STRING(value.get(), &der);
    if (size <= 0) {
        return false;
    }
    ASN1_STRING_set0(wrapped.get(), der, size);
    const ExtensionHandle extension(
        X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 0, wrapped.get()));
    return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
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

struct Contents {
    const NodeId& subject;
    EVP_PKEY* subject_key;
    const base::ByteView* attributes;  ///< Null for a certificate without them.
    const Validity& validity;
};

KeyHandle secret_key_of(const Identity& identity) {
    const base::ByteView seed = identity.secret_seed();
    return KeyHandle(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, base::as_u8(seed), seed.size()));
}

base::Result<base::Bytes> make_certificate(const Identity& signer, const Contents& contents,
                                           base::Rng& rng) {
    if (!is_encodable(contents.validity)) {
        return fail(ErrorCode::kInvalidArgument, "the validity period is reversed or not in range");
    }
    const KeyHandle key = secret_key_of(signer);
    const CertificateHandle certificate(X509_new());
    if (!key || !certificate || X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
        !set_serial(certificate.get(), rng) ||
        !set_validity(certificate.get(), contents.validity) ||
        !set_names(certificate.get(), contents.subject, signer.node_id()) ||
        X509_set_pubkey(certificate.get(), contents.subject_key) != 1 ||
        !add_extensions(certificate.get()) ||
        (contents.attributes != nullptr &&
         !add_attributes(certificate.get(), *contents.attributes)) ||
        X509_sign(certificate.get(), key.get(), nullptr) <= 0) {
        return fail(ErrorCode::kCryptoFailure, "the certificate cannot be made");
    }
    base::Bytes der = encode(certificate.get());
    if (der.empty()) {
        return fail(ErrorCode::kCryptoFailure, "the certificate cannot be encoded");
    }
    return der;
}

base::Status check_size(base::ByteView attributes) {
    if (attributes.size() > kCertificateAttributesBytesMax) {
        return fail(ErrorCode::kTooLarge, "the attributes are longer than 1024 bytes");
    }
    return {};
}

}  // namespace

base::Result<base::Bytes> make_self_signed_certificate(const Identity& identity,
                                                       const Validity& validity, base::Rng& rng,
                                                       base::ByteView attributes) {
    QE_TRY_STATUS(check_size(attributes));
    const ErrorQueueGuard guard;
    const KeyHandle key = secret_key_of(identity);
    const base::ByteView* const shown = attributes.empty() ? nullptr : &attributes;
    return make_certificate(identity, {identity.node_id(), key.get(), shown, validity}, rng);
}

base::Result<base::Bytes> make_member_certificate(const Identity& authority,
                                                  const PublicKey& member,
                                                  base::ByteView attributes,
                                                  const Validity& validity, base::Rng& rng) {
    QE_TRY_STATUS(check_size(attributes));
    if (member == authority.public_key() ||
        crypto_core_ed25519_is_valid_point(base::as_u8(base::ByteView(member.bytes))) != 1) {
        return fail(ErrorCode::kInvalidArgument, "the member's key is not one for a member");
    }
    const ErrorQueueGuard guard;
    const KeyHandle key(EVP_PKEY_new_raw_public_key(
        EVP_PKEY_ED25519, nullptr, base::as_u8(base::ByteView(member.bytes)), member.bytes.size()));
    return make_certificate(authority, {node_id_of(member), key.get(), &attributes, validity}, rng);
}

}  // namespace qe::crypto
