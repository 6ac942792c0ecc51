// SPDX-License-Identifier: Apache-2.0
//
// The key file: one unencrypted PKCS#8 block in PEM (RFC 5958, RFC 7468, RFC 8410), nothing else.
//
// Every buffer that held the secret is wiped: OpenSSL's secure BIO and allocator clear theirs, ours
// are cleared here. The bytes returned by encode_key_file() are the caller's to wipe.
#include <climits>

#include <openssl/pem.h>

#include "crypto/openssl_handles.h"
#include "quicether/crypto/identity.h"

namespace qe::crypto {
namespace {

using base::ErrorCode;
using base::fail;

/// OpenSSL writes 119 bytes; another tool's attributes and line lengths fit as well.
constexpr std::size_t kKeyFileBytesMax = 4096;
constexpr std::string_view kBegin = "-----BEGIN PRIVATE KEY-----";
constexpr std::string_view kBeginEncrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
constexpr std::string_view kEnd = "-----END PRIVATE KEY-----";
constexpr std::string_view kSpace = " \t\r\n";

std::string_view trimmed(std::string_view text) noexcept {
    const std::size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

/// The one PEM block of `text`, or why it is not one.
base::Result<std::string_view> sole_block(base::ByteView text) {
    if (text.size() > kKeyFileBytesMax) {
        return fail(ErrorCode::kTooLarge, "the key file is longer than 4096 bytes");
    }
    const std::string_view block = trimmed(base::as_text(text));
    if (block.empty()) {
        return fail(ErrorCode::kBadKey, "the key file is empty");
    }
    if (block.starts_with(kBeginEncrypted)) {
        return fail(ErrorCode::kUnsupported, "the key file is encrypted with a passphrase");
    }
    if (!block.starts_with(kBegin) || block.find(kEnd) != block.size() - kEnd.size()) {
        return fail(ErrorCode::kBadKey, "the key file is not a single PEM PRIVATE KEY block");
    }
    return block;
}

/// What PEM_read_bio_ex() hands out, wiped when it goes.
struct PemParts {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;  // NOLINT(google-runtime-int): OpenSSL's type

    PemParts() = default;
    PemParts(const PemParts&) = delete;
    PemParts& operator=(const PemParts&) = delete;
    ~PemParts() {
        OPENSSL_secure_free(name);
        OPENSSL_secure_free(header);
        OPENSSL_secure_clear_free(data, static_cast<std::size_t>(size));
    }
};

base::Result<KeyHandle> decode_block(std::string_view block) {
    const BioHandle source(BIO_new_mem_buf(block.data(), static_cast<int>(block.size())));
    PemParts parts;
    if (!source || PEM_read_bio_ex(source.get(), &parts.name, &parts.header, &parts.data,
                                   &parts.size, PEM_FLAG_SECURE | PEM_FLAG_ONLY_B64) != 1) {
        return fail(ErrorCode::kBadKey, "the key file's base64 text is damaged");
    }
    if (parts.header != nullptr && *parts.header != '\0') {
        return fail(ErrorCode::kBadKey, "the key file has headers before its base64 text");
    }
    const unsigned char* cursor = parts.data;
    const Pkcs8Handle info(d2i_PKCS8_PRIV_KEY_INFO(nullptr, &cursor, parts.size));
    if (!info || cursor != parts.data + parts.size) {
        return fail(ErrorCode::kBadKey, "the key file does not hold a PKCS#8 private key");
    }
    KeyHandle key(EVP_PKCS82PKEY(info.get()));
    if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519) {
        return fail(ErrorCode::kBadKey, "the key file does not hold an Ed25519 key");
    }
    return key;
}

/// A seed that does not outlive its scope.
struct WipedSeed {
    std::array<std::byte, Identity::kSeedSize> bytes{};
    WipedSeed() = default;
    WipedSeed(const WipedSeed&) = delete;
    WipedSeed& operator=(const WipedSeed&) = delete;
    ~WipedSeed() { base::wipe(bytes); }
};

}  // namespace

base::Result<base::Bytes> encode_key_file(const Identity& identity) {
    const ErrorQueueGuard guard;
    const base::ByteView seed = identity.secret_seed();
    const KeyHandle key(
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, base::as_u8(seed), seed.size()));
    const BioHandle sink(BIO_new(BIO_s_secmem()));
    if (!key || !sink ||
        PEM_write_bio_PKCS8PrivateKey(sink.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                      nullptr) != 1) {
        return fail(ErrorCode::kCryptoFailure, "the private key cannot be encoded");
    }
    char* data = nullptr;
    const auto size = static_cast<std::size_t>(BIO_get_mem_data(sink.get(), &data));
    const base::ByteView view = std::as_bytes(std::span(data, size));
    return base::Bytes(view.begin(), view.end());
}

base::Result<Identity> parse_key_file(base::ByteView text) {
    const ErrorQueueGuard guard;
    QE_TRY(const std::string_view block, sole_block(text));
    QE_TRY(const KeyHandle key, decode_block(block));
    WipedSeed seed;
    std::size_t size = seed.bytes.size();
    if (EVP_PKEY_get_raw_private_key(key.get(), base::as_u8(base::MutableBytes(seed.bytes)),
                                     &size) != 1 ||
        size != seed.bytes.size()) {
        return fail(ErrorCode::kBadKey, "the key file does not hold a whole Ed25519 key");
    }
    return Identity::from_seed(seed.bytes);
}

}  // namespace qe::crypto
