// SPDX-License-Identifier: Apache-2.0
//
// Items of BEP 44: values of at most 1000 bencoded bytes, stored under their hash (immutable) or
// under the hash of their owner's key and a salt (mutable, signed, numbered).
//
// An Item owns its bytes. Nothing here stores or sends; `value` is bencode as it is on the wire and
// is never written anew, because what is signed and hashed is those very bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/crypto/identity.h"
#include "quicether/dht/contact.h"

namespace qe::dht {

inline constexpr std::size_t kItemValueBytesMax = 1000;
inline constexpr std::size_t kItemSaltBytesMax = 64;

/// Who made a mutable item, and which state of it this is.
struct Ownership {
    crypto::PublicKey key;
    std::int64_t seq = 0;  ///< 0 … 2^63-1; publish with 1 and more.
    crypto::Signature signature{};

    friend bool operator==(const Ownership&, const Ownership&) = default;
};

struct Item {
    base::Bytes value;               ///< Bencoded, 1 … kItemValueBytesMax bytes.
    base::Bytes salt;                ///< Empty for immutable items.
    std::optional<Ownership> owner;  ///< Set for mutable items.

    friend bool operator==(const Item&, const Item&) = default;
};

/// Where an immutable item is stored: SHA-1 of its bencoded value.
[[nodiscard]] NodeId immutable_target(base::ByteView value) noexcept;
/// Where a mutable item is stored: SHA-1 of key and salt; without salt it is the NodeId of the key.
[[nodiscard]] NodeId mutable_target(const crypto::PublicKey& key, base::ByteView salt) noexcept;
[[nodiscard]] NodeId target_of(const Item& item) noexcept;

/// An item as views: what is checked before anything is copied.
struct ItemView {
    base::ByteView value;
    base::ByteView salt;
    std::optional<Ownership> owner;
};
[[nodiscard]] ItemView view_of(const Item& item) noexcept;

/// The signature fits salt, number and value. Salt and value must be within their limits.
[[nodiscard]] bool has_valid_signature(const ItemView& item) noexcept;

/// `value` must be one bencoded element. Errors: kTooLarge, and those of parse_bencode().
[[nodiscard]] base::Result<Item> make_immutable_item(base::ByteView value);

/// Signs. `seq` must not be negative. Errors: kTooLarge, kInvalidArgument, and those of
/// parse_bencode().
[[nodiscard]] base::Result<Item> make_mutable_item(const crypto::Identity& owner,
                                                   base::ByteView salt, std::int64_t seq,
                                                   base::ByteView value);

}  // namespace qe::dht
