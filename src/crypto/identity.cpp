// SPDX-License-Identifier: Apache-2.0
//
// Identity: signing and derivation with the node's Ed25519 seed, through libsodium.
#include "quicether/crypto/identity.h"

#include <algorithm>
#include <utility>

#include <sodium.h>

#include "quicether/base/assert.h"

namespace qe::crypto {
namespace {

static_assert(PublicKey::kSize == crypto_sign_PUBLICKEYBYTES);
static_assert(Identity::kSeedSize == crypto_sign_SEEDBYTES);
static_assert(std::tuple_size_v<Signature> == crypto_sign_BYTES);

/// Keeps derived keys apart from any other keyed BLAKE2b over the same seed.
constexpr std::string_view kDeriveDomain = "quicether derive 1";

/// libsodium's expanded secret (seed, then public key); wipes itself.
class ExpandedSecret {
  public:
    explicit ExpandedSecret(base::ByteView seed) noexcept {
        const int done =
            crypto_sign_seed_keypair(public_.data(), secret_.data(), base::as_u8(seed));
        QE_ASSERT(done == 0);
    }
    ~ExpandedSecret() { sodium_memzero(secret_.data(), secret_.size()); }
    ExpandedSecret(const ExpandedSecret&) = delete;
    ExpandedSecret& operator=(const ExpandedSecret&) = delete;

    [[nodiscard]] const unsigned char* secret() const noexcept { return secret_.data(); }
    [[nodiscard]] PublicKey public_key() const noexcept {
        PublicKey key;
        std::ranges::copy(std::as_bytes(std::span(public_)), key.bytes.begin());
        return key;
    }

  private:
    std::array<unsigned char, crypto_sign_PUBLICKEYBYTES> public_{};
    std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret_{};
};

}  // namespace

Identity::Identity(const std::array<std::byte, kSeedSize>& seed)
    : seed_(seed),
      public_key_(ExpandedSecret(seed_).public_key()),
      node_id_(node_id_of(public_key_)) {}

Identity::~Identity() { base::wipe(seed_); }

Identity::Identity(Identity&& other) noexcept
    : seed_(other.seed_), public_key_(other.public_key_), node_id_(other.node_id_) {
    base::wipe(other.seed_);
}

Identity& Identity::operator=(Identity&& other) noexcept {
    if (this != &other) {
        seed_ = other.seed_;
        public_key_ = other.public_key_;
        node_id_ = other.node_id_;
        base::wipe(other.seed_);
    }
    return *this;
}

Identity Identity::generate(base::Rng& rng) {
    std::array<std::byte, kSeedSize> seed{};
    rng.fill(seed);
    Identity identity(seed);
    base::wipe(seed);
    return identity;
}

Identity Identity::from_seed(const std::array<std::byte, kSeedSize>& seed) {
    return Identity(seed);
}

Identity Identity::clone() const { return Identity(seed_); }

Signature Identity::sign(base::ByteView message) const {
    const ExpandedSecret expanded(seed_);
    Signature signature{};
    crypto_sign_detached(base::as_u8(base::MutableBytes(signature)), nullptr, base::as_u8(message),
                         message.size(), expanded.secret());
    return signature;
}

void Identity::derive(std::string_view label, base::MutableBytes out) const {
    // One key per label, then a counter under that key: each block is a keyed BLAKE2b-512.
    std::array<unsigned char, crypto_generichash_KEYBYTES_MAX> label_key{};
    crypto_generichash_state state;
    crypto_generichash_init(&state, base::as_u8(base::ByteView(seed_)), seed_.size(),
                            label_key.size());
    const base::ByteView domain = base::as_bytes(kDeriveDomain);
    crypto_generichash_update(&state, base::as_u8(domain), domain.size());
    crypto_generichash_update(&state, base::as_u8(base::as_bytes(label)), label.size());
    crypto_generichash_final(&state, label_key.data(), label_key.size());

    std::array<std::byte, crypto_generichash_BYTES_MAX> block{};
    for (std::uint64_t counter = 0; !out.empty(); ++counter) {
        std::array<std::byte, sizeof(counter)> number{};
        base::ByteWriter(number).u64(counter);
        crypto_generichash(base::as_u8(base::MutableBytes(block)), block.size(),
                           base::as_u8(base::ByteView(number)), number.size(), label_key.data(),
                           label_key.size());
        const std::size_t size = std::min(out.size(), block.size());
        std::copy_n(block.begin(), size, out.begin());
        out = out.subspan(size);
    }
    base::wipe(block);
    sodium_memzero(label_key.data(), label_key.size());
    sodium_memzero(&state, sizeof(state));
}

bool verify(const PublicKey& key, base::ByteView message, const Signature& signature) {
    return crypto_sign_verify_detached(base::as_u8(base::ByteView(signature)), base::as_u8(message),
                                       message.size(), base::as_u8(base::ByteView(key.bytes))) == 0;
}

}  // namespace qe::crypto
