// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/bearer_token.h"

#include <algorithm>
#include <string_view>

namespace qe::crypto {
namespace {

constexpr std::string_view kIdLabel = "quicether token id";
constexpr std::string_view kProofLabel = "quicether token proof";
constexpr std::size_t kAttributesSize = std::tuple_size_v<TokenId> + std::tuple_size_v<Mac>;

}  // namespace

BearerToken::BearerToken(const MacKey& key) noexcept
    : key_(key), id_(mac_of(key, {base::as_bytes(kIdLabel)})) {}

Mac BearerToken::proof(const PublicKey& bearer) const noexcept {
    return mac_of(key_, {base::as_bytes(kProofLabel), base::ByteView(bearer.bytes)});
}

base::Bytes BearerToken::attributes(const PublicKey& bearer) const {
    base::Bytes attributes(id_.begin(), id_.end());
    const Mac mac = proof(bearer);
    attributes.insert(attributes.end(), mac.begin(), mac.end());
    return attributes;
}

bool BearerToken::proves(base::ByteView attributes, const PublicKey& bearer) const noexcept {
    return token_of(attributes) == id_ &&
           equal_secrets(attributes.subspan(id_.size()), proof(bearer));
}

std::optional<TokenId> token_of(base::ByteView attributes) noexcept {
    if (attributes.size() != kAttributesSize) {
        return std::nullopt;
    }
    TokenId id{};
    std::copy_n(attributes.begin(), id.size(), id.begin());
    return id;
}

}  // namespace qe::crypto
