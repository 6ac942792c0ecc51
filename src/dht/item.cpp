// SPDX-License-Identifier: Apache-2.0
#include "quicether/dht/item.h"

#include <array>

#include "quicether/base/assert.h"
#include "quicether/crypto/digest.h"
#include "quicether/dht/bencode_reader.h"
#include "quicether/dht/bencode_writer.h"

namespace qe::dht {
namespace {

/// Room for `4:salt`, `3:seq` and `1:v` with all lengths and numbers.
constexpr std::size_t kSignedFramingBytesMax = 64;
using SignedBuffer =
    std::array<std::byte, kItemValueBytesMax + kItemSaltBytesMax + kSignedFramingBytesMax>;

/// The very bytes that the owner signs (BEP 44, "Signature Verification").
base::ByteView signed_bytes(const ItemView& item, std::int64_t seq, SignedBuffer& buffer) noexcept {
    BencodeWriter out(buffer);
    if (!item.salt.empty()) {
        out.entry("salt", item.salt);
    }
    out.entry("seq", seq);
    out.string("v");
    out.raw(item.value);
    QE_ASSERT(out.ok());
    return out.written();
}

base::Status check_sizes(base::ByteView salt, base::ByteView value) {
    if (value.size() > kItemValueBytesMax) {
        return base::fail(base::ErrorCode::kTooLarge, "an item's value has at most 1000 bytes");
    }
    if (salt.size() > kItemSaltBytesMax) {
        return base::fail(base::ErrorCode::kTooLarge, "an item's salt has at most 64 bytes");
    }
    const auto parsed = parse_bencode(value);
    return parsed ? base::Status() : base::Status(base::fail(parsed));
}

}  // namespace

NodeId immutable_target(base::ByteView value) noexcept { return NodeId{crypto::sha1(value)}; }

NodeId mutable_target(const crypto::PublicKey& key, base::ByteView salt) noexcept {
    QE_ASSERT(salt.size() <= kItemSaltBytesMax);
    std::array<std::byte, crypto::PublicKey::kSize + kItemSaltBytesMax> buffer{};
    base::ByteWriter out(buffer);
    out.bytes(key.bytes);
    out.bytes(salt);
    return NodeId{crypto::sha1(out.written())};
}

NodeId target_of(const Item& item) noexcept {
    return item.owner ? mutable_target(item.owner->key, item.salt) : immutable_target(item.value);
}

ItemView view_of(const Item& item) noexcept { return {item.value, item.salt, item.owner}; }

bool has_valid_signature(const ItemView& item) noexcept {
    if (!item.owner) {
        return false;
    }
    SignedBuffer buffer;
    return crypto::verify(item.owner->key, signed_bytes(item, item.owner->seq, buffer),
                          item.owner->signature);
}

base::Result<Item> make_immutable_item(base::ByteView value) {
    QE_TRY_STATUS(check_sizes({}, value));
    return Item{{value.begin(), value.end()}, {}, std::nullopt};
}

base::Result<Item> make_mutable_item(const crypto::Identity& owner, base::ByteView salt,
                                     std::int64_t seq, base::ByteView value) {
    QE_TRY_STATUS(check_sizes(salt, value));
    if (seq < 0) {
        return base::fail(base::ErrorCode::kInvalidArgument, "an item's number is not negative");
    }
    SignedBuffer buffer;
    const auto signature = owner.sign(signed_bytes({value, salt, std::nullopt}, seq, buffer));
    return Item{{value.begin(), value.end()},
                {salt.begin(), salt.end()},
                Ownership{owner.public_key(), seq, signature}};
}

}  // namespace qe::dht
