// SPDX-License-Identifier: Apache-2.0
//
// Strict reading of bencode (BEP 3): one element is checked as a whole, then walked as views.
//
// There is one way to write a value: integers and lengths without leading zeros or "-0", integers
// within 64 bits, dictionary keys sorted as bytes and unique. Anything else, nesting or element
// counts beyond the limits, and bytes behind the element are refused. Nothing is copied and nothing
// allocated; a BencodeValue lives no longer than the bytes it was parsed from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"

namespace qe::dht {

class BencodeCursor;

/// A view of one well-formed element.
class BencodeValue {
  public:
    enum class Kind : std::uint8_t { Integer, String, List, Dictionary };

    [[nodiscard]] Kind kind() const noexcept;
    /// The bytes as they were written.
    [[nodiscard]] base::ByteView encoded() const noexcept { return encoded_; }

    /// Nothing when it is of another kind.
    [[nodiscard]] std::optional<std::int64_t> integer() const noexcept;
    [[nodiscard]] std::optional<base::ByteView> string() const noexcept;

    /// The value under `key`; nothing when there is none or this is not a dictionary.
    [[nodiscard]] std::optional<BencodeValue> find(std::string_view key) const noexcept;

    /// Walks a list's elements, or a dictionary's keys and values in turn; empty for other kinds.
    [[nodiscard]] BencodeCursor children() const noexcept;

  private:
    friend class BencodeCursor;
    friend base::Result<BencodeValue> parse_bencode(base::ByteView bytes) noexcept;
    explicit BencodeValue(base::ByteView encoded) noexcept : encoded_(encoded) {}

    base::ByteView encoded_;
};

/// The children of one element, one after the other.
class BencodeCursor {
  public:
    [[nodiscard]] std::optional<BencodeValue> next() noexcept;

  private:
    friend class BencodeValue;
    explicit BencodeCursor(base::ByteView rest) noexcept : rest_(rest) {}

    base::ByteView rest_;
};

/// Lists and dictionaries within one another.
inline constexpr std::size_t kBencodeDepthMax = 16;
/// Integers, strings (keys included), lists and dictionaries in all.
inline constexpr std::size_t kBencodeElementsMax = 1024;

/// `bytes` is exactly one element. Errors: kTruncated, kMalformed, kTooLarge (a limit).
[[nodiscard]] base::Result<BencodeValue> parse_bencode(base::ByteView bytes) noexcept;

}  // namespace qe::dht
