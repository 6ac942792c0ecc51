// SPDX-License-Identifier: Apache-2.0
//
// A small, strict CBOR (RFC 8949) for messages between nodes and for state: unsigned integers, byte
// and text strings, arrays, maps, booleans; definite lengths and shortest forms only (4.2.1).
//
// The reader never allocates and never recurses deeper than kCborDepthMax; it fails once and stays
// failed, so a decoder may read a whole message and check `ok()` at the end. Lengths are checked
// against what is left before anything is promised to the caller.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "quicether/base/bytes.h"

namespace qe::base {

inline constexpr unsigned kCborDepthMax = 8;

class CborReader {
  public:
    explicit CborReader(ByteView bytes) noexcept : reader_(bytes) {}

    [[nodiscard]] bool ok() const noexcept { return ok_; }
    /// True when every byte has been read without a failure.
    [[nodiscard]] bool finished() const noexcept { return ok_ && reader_.remaining() == 0; }

    std::uint64_t unsigned_integer() noexcept;
    bool boolean() noexcept;
    ByteView byte_string() noexcept;
    /// Valid UTF-8 is not checked: texts are shown only after cleaning.
    std::string_view text() noexcept;
    /// Number of items that follow; at most the bytes left, so a loop over it is bounded.
    std::uint64_t array() noexcept;
    /// Number of key-value pairs that follow.
    std::uint64_t map() noexcept;
    /// Steps over one item of any kind, nested ones included.
    void skip() noexcept { skip(0); }

  private:
    struct Head {
        std::uint8_t major = 0xff;
        std::uint64_t value = 0;
    };
    Head head() noexcept;
    std::uint64_t expect(std::uint8_t major) noexcept;
    std::uint64_t container(std::uint8_t major, std::uint64_t bytes_per_item) noexcept;
    void skip(unsigned depth) noexcept;
    void fail() noexcept;

    ByteReader reader_;
    bool ok_ = true;
};

/// Appends items to a byte vector. The caller keeps array and map counts right.
class CborWriter {
  public:
    explicit CborWriter(Bytes& out) noexcept : out_(out) {}

    void unsigned_integer(std::uint64_t value) { head(0, value); }
    void boolean(bool value) { out_.push_back(value ? std::byte{0xf5} : std::byte{0xf4}); }
    void byte_string(ByteView bytes);
    void text(std::string_view text);
    void array(std::uint64_t items) { head(4, items); }
    void map(std::uint64_t pairs) { head(5, pairs); }

  private:
    void head(std::uint8_t major, std::uint64_t value);

    Bytes& out_;
};

}  // namespace qe::base
