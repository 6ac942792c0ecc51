// SPDX-License-Identifier: Apache-2.0
//
// Reading and writing the fields that statements and messages of a network are made of.
//
// A statement is a CBOR map with small integer keys in strictly ascending order, which together
// with the strict CBOR below makes its encoding unique; unknown keys are stepped over. FieldReader
// fails once and stays failed, on broken CBOR as on values out of bounds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/base/cbor.h"
#include "quicether/base/time.h"
#include "quicether/crypto/identity.h"
#include "quicether/net/ip_address.h"

namespace qe::network {

/// Keys below 64, as a set.
constexpr std::uint64_t key_bit(std::uint64_t key) noexcept {
    return key < 64 ? std::uint64_t{1} << key : 0;
}

class FieldReader {
  public:
    explicit FieldReader(base::ByteView bytes) noexcept : cbor_(bytes) {}

    [[nodiscard]] bool ok() const noexcept { return valid_ && cbor_.ok(); }
    [[nodiscard]] bool finished() const noexcept { return valid_ && cbor_.finished(); }
    void require(bool condition) noexcept { valid_ = valid_ && condition; }

    /// Calls `read_field(key)`, which reads the value or returns false, for each pair; then all
    /// keys of `required` must have been there.
    template <typename ReadField>
    void map(std::uint64_t required, ReadField read_field) {
        const std::uint64_t pairs = cbor_.map();
        std::uint64_t seen = 0;
        std::uint64_t least = 0;
        for (std::uint64_t i = 0; ok() && i < pairs; ++i) {
            const std::uint64_t key = cbor_.unsigned_integer();
            require(key >= least && key < std::numeric_limits<std::uint64_t>::max());
            least = key + 1;
            seen |= key_bit(key);
            if (ok() && !read_field(key)) {
                cbor_.skip();
            }
        }
        require((seen & required) == required);
    }

    void array(std::uint64_t size) noexcept { require(cbor_.array() == size); }
    template <typename T>
    T number(T max = std::numeric_limits<T>::max()) noexcept {
        const std::uint64_t value = cbor_.unsigned_integer();
        require(value <= static_cast<std::uint64_t>(max));
        return static_cast<T>(value);
    }
    /// An enumerator by its number, 0 … `last`.
    template <typename E>
    E enumerator(E last) noexcept {
        return static_cast<E>(number<std::uint8_t>(static_cast<std::uint8_t>(last)));
    }
    bool boolean() noexcept { return cbor_.boolean(); }
    base::UnixTime time() noexcept { return {number<std::int64_t>()}; }
    base::Bytes bytes(std::size_t size_max);
    std::string text(std::size_t size_max);
    template <std::size_t kSize>
    std::array<std::byte, kSize> fixed() noexcept {
        std::array<std::byte, kSize> out{};
        const base::ByteView view = cbor_.byte_string();
        require(view.size() == kSize);
        if (ok()) {
            std::copy(view.begin(), view.end(), out.begin());
        }
        return out;
    }
    crypto::NodeId node_id() noexcept { return {fixed<crypto::NodeId::kSize>()}; }
    crypto::PublicKey key() noexcept { return {fixed<crypto::PublicKey::kSize>()}; }
    net::IpAddress address() noexcept;
    /// Without host bits.
    net::Prefix prefix() noexcept;
    net::SocketAddress socket_address() noexcept;

    template <typename Item>
    std::vector<Item> list(std::size_t items_max, Item (FieldReader::*read)()) {
        return items<Item>(items_max, [this, read] { return (this->*read)(); });
    }
    template <typename Item>
    std::vector<Item> list(std::size_t items_max, Item (FieldReader::*read)() noexcept) {
        return items<Item>(items_max, [this, read] { return (this->*read)(); });
    }
    template <typename Item, typename Read>
    std::vector<Item> items(std::size_t items_max, Read read) {
        const std::uint64_t count = cbor_.array();
        require(count <= items_max);
        std::vector<Item> list;
        for (std::uint64_t i = 0; ok() && i < count; ++i) {
            list.push_back(read());
        }
        return list;
    }

  private:
    base::CborReader cbor_;
    bool valid_ = true;
};

class FieldWriter {
  public:
    explicit FieldWriter(base::Bytes& out) noexcept : cbor_(out) {}

    void map(std::uint64_t pairs) { cbor_.map(pairs); }
    void array(std::uint64_t size) { cbor_.array(size); }
    void key(std::uint64_t key) { cbor_.unsigned_integer(key); }
    void number(std::uint64_t value) { cbor_.unsigned_integer(value); }
    void boolean(bool value) { cbor_.boolean(value); }
    void bytes(base::ByteView value) { cbor_.byte_string(value); }
    void text(std::string_view value) { cbor_.text(value); }
    /// Times before 1970 are written as 0.
    void time(base::UnixTime value);
    void address(const net::IpAddress& value) { cbor_.byte_string(value.bytes()); }
    void prefix(const net::Prefix& value);
    void socket_address(const net::SocketAddress& value);

    template <typename Items, typename Write>
    void list(const Items& items, Write write) {
        cbor_.array(items.size());
        for (const auto& item : items) {
            write(item);
        }
    }

  private:
    base::CborWriter cbor_;
};

}  // namespace qe::network
