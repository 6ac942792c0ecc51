// SPDX-License-Identifier: Apache-2.0
//
// NodeId and PublicKey as values: derivation, text forms, hashing.
#include <cstring>

#include <openssl/evp.h>

#include "quicether/base/assert.h"
#include "quicether/crypto/identity.h"

namespace qe::crypto {
namespace {

constexpr std::size_t kShortTextDigits = 12;

/// The digits after an optional prefix.
std::string_view without_prefix(std::string_view text, std::string_view prefix) noexcept {
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

/// The first bytes as a number. Both types are hash outputs or curve points: they are well spread.
template <std::size_t kSize>
std::size_t leading_bytes(const std::array<std::byte, kSize>& bytes) noexcept {
    static_assert(kSize >= sizeof(std::size_t));
    std::size_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof(value));
    return value;
}

}  // namespace

std::string PublicKey::to_string() const { return base::to_hex(bytes); }

std::string NodeId::to_string() const { return base::to_hex(bytes); }

std::string NodeId::short_text() const { return to_string().substr(0, kShortTextDigits); }

NodeId node_id_of(const PublicKey& key) {
    NodeId id;
    unsigned size = 0;
    const int done =
        EVP_Digest(key.bytes.data(), key.bytes.size(), base::as_u8(base::MutableBytes(id.bytes)),
                   &size, EVP_sha1(), nullptr);
    QE_ASSERT(done == 1 && size == NodeId::kSize);
    return id;
}

base::Result<NodeId> parse_node_id(std::string_view text) {
    NodeId id;
    if (!base::from_hex(without_prefix(text, "node_"), id.bytes)) {
        return base::fail(base::ErrorCode::kMalformed, "a node id is 40 hexadecimal digits");
    }
    return id;
}

base::Result<PublicKey> parse_public_key(std::string_view text) {
    PublicKey key;
    if (!base::from_hex(without_prefix(text, "key_"), key.bytes)) {
        return base::fail(base::ErrorCode::kMalformed, "a public key is 64 hexadecimal digits");
    }
    return key;
}

}  // namespace qe::crypto

std::size_t std::hash<qe::crypto::NodeId>::operator()(const qe::crypto::NodeId& id) const noexcept {
    return qe::crypto::leading_bytes(id.bytes);
}

std::size_t std::hash<qe::crypto::PublicKey>::operator()(
    const qe::crypto::PublicKey& key) const noexcept {
    return qe::crypto::leading_bytes(key.bytes);
}
