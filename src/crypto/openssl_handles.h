// SPDX-License-Identifier: Apache-2.0
//
// Owners for OpenSSL objects, and a guard that keeps OpenSSL's error queue as it was.
//
// The queue is per thread and shared with the TLS stack: an entry left behind by a refused
// certificate would make the next SSL_get_error() report a fatal error that never happened.
#pragma once

#include <memory>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace qe::crypto {

template <auto kFree>
struct FreeWith {
    template <typename T>
    void operator()(T* object) const noexcept {
        kFree(object);
    }
};

template <typename T, auto kFree>
using UniqueHandle = std::unique_ptr<T, FreeWith<kFree>>;

using BioHandle = UniqueHandle<BIO, BIO_free_all>;
using KeyHandle = UniqueHandle<EVP_PKEY, EVP_PKEY_free>;
using CertificateHandle = UniqueHandle<X509, X509_free>;
using NameHandle = UniqueHandle<X509_NAME, X509_NAME_free>;
using TimeHandle = UniqueHandle<ASN1_TIME, ASN1_TIME_free>;
using BitStringHandle = UniqueHandle<ASN1_BIT_STRING, ASN1_BIT_STRING_free>;
using ConstraintsHandle = UniqueHandle<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>;
using ObjectHandle = UniqueHandle<ASN1_OBJECT, ASN1_OBJECT_free>;
using OctetsHandle = UniqueHandle<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using ExtensionHandle = UniqueHandle<X509_EXTENSION, X509_EXTENSION_free>;
using Pkcs8Handle = UniqueHandle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;

/// A member's attributes: 2.25 and a UUID (X.667), fb271074-91a1-4b43-854a-1fcef439211f.
inline constexpr const char* kAttributesOid = "2.25.333839060273587571361833788047518933279";

/// Drops the errors that OpenSSL queues between construction and destruction, and no others.
class ErrorQueueGuard {
  public:
    ErrorQueueGuard() noexcept { ERR_set_mark(); }
    ~ErrorQueueGuard() { ERR_pop_to_mark(); }
    ErrorQueueGuard(const ErrorQueueGuard&) = delete;
    ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
};

}  // namespace qe::crypto
