// SPDX-License-Identifier: Apache-2.0
//
// Who a node is: an Ed25519 key pair, and the 160-bit NodeId derived from its public half.
//
// NodeId = SHA-1(public key) is an identifier and a point in the Kademlia key space, not a security
// boundary: authentication compares the 32-byte key. The secret half is wiped when it goes and is
// never printed.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/base/rng.h"

namespace qe::crypto {

/// An Ed25519 public key (RFC 8032).
struct PublicKey {
    static constexpr std::size_t kSize = 32;
    std::array<std::byte, kSize> bytes{};

    [[nodiscard]] std::string to_string() const;  ///< 64 hex digits
    friend auto operator<=>(const PublicKey&, const PublicKey&) = default;
};

/// 160 bits; shown as 40 hex digits.
struct NodeId {
    static constexpr std::size_t kSize = 20;
    std::array<std::byte, kSize> bytes{};

    [[nodiscard]] std::string to_string() const;   ///< 40 hex digits
    [[nodiscard]] std::string short_text() const;  ///< The first 12 of them, for logs and tables.
    friend auto operator<=>(const NodeId&, const NodeId&) = default;
};

[[nodiscard]] NodeId node_id_of(const PublicKey& key);

/// 40 hex digits, optionally after "node_".
[[nodiscard]] base::Result<NodeId> parse_node_id(std::string_view text);
/// 64 hex digits, optionally after "key_".
[[nodiscard]] base::Result<PublicKey> parse_public_key(std::string_view text);

using Signature = std::array<std::byte, 64>;

/// A key pair. Move-only; the seed (the secret) is wiped on destruction.
class Identity {
  public:
    static constexpr std::size_t kSeedSize = 32;

    [[nodiscard]] static Identity generate(base::Rng& rng);
    /// From the 32-byte RFC 8032 seed.
    [[nodiscard]] static Identity from_seed(const std::array<std::byte, kSeedSize>& seed);

    ~Identity();
    Identity(Identity&& other) noexcept;
    Identity& operator=(Identity&& other) noexcept;
    Identity(const Identity&) = delete;
    Identity& operator=(const Identity&) = delete;
    /// An explicit second copy of the secret, for an owner that outlives this one.
    [[nodiscard]] Identity clone() const;

    [[nodiscard]] const PublicKey& public_key() const noexcept { return public_key_; }
    [[nodiscard]] const NodeId& node_id() const noexcept { return node_id_; }
    [[nodiscard]] Signature sign(base::ByteView message) const;
    /// Key material of `out.size()` bytes bound to `label` (stateless-reset and token keys): stable
    /// over restarts, reveals nothing about the seed.
    void derive(std::string_view label, base::MutableBytes out) const;

    /// The secret seed, for the key file and for OpenSSL. The view dies with the Identity.
    [[nodiscard]] base::ByteView secret_seed() const noexcept { return seed_; }

  private:
    explicit Identity(const std::array<std::byte, kSeedSize>& seed);

    std::array<std::byte, kSeedSize> seed_;
    PublicKey public_key_;
    NodeId node_id_;
};

[[nodiscard]] bool verify(const PublicKey& key, base::ByteView message, const Signature& signature);

/// The key file's contents: PKCS#8 PEM (RFC 8410), readable by other tools.
[[nodiscard]] base::Result<base::Bytes> encode_key_file(const Identity& identity);
[[nodiscard]] base::Result<Identity> parse_key_file(base::ByteView text);

}  // namespace qe::crypto

template <>
struct std::hash<qe::crypto::NodeId> {
    std::size_t operator()(const qe::crypto::NodeId& id) const noexcept;
};
template <>
struct std::hash<qe::crypto::PublicKey> {
    std::size_t operator()(const qe::crypto::PublicKey& key) const noexcept;
};
