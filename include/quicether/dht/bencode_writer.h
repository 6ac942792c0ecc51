// SPDX-License-Identifier: Apache-2.0
//
// Writing bencode (BEP 3) into a caller's buffer, piece by piece.
//
// After the first piece that does not fit, the writer stays failed and writes nothing more. The
// caller writes dictionary keys in order and closes what it opened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "quicether/base/bytes.h"

namespace qe::dht {

class BencodeWriter {
  public:
    explicit BencodeWriter(base::MutableBytes buffer) noexcept : out_(buffer) {}

    [[nodiscard]] bool ok() const noexcept { return out_.ok(); }
    [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }
    [[nodiscard]] std::size_t room() const noexcept { return out_.room(); }
    [[nodiscard]] base::ByteView written() const noexcept { return out_.written(); }

    void begin_dictionary() noexcept { text("d"); }
    void begin_list() noexcept { text("l"); }
    void end() noexcept { text("e"); }

    void integer(std::int64_t value) noexcept;
    void string(base::ByteView bytes) noexcept;
    void string(std::string_view text_bytes) noexcept { string(base::as_bytes(text_bytes)); }
    /// Only the length of a string; exactly `size` bytes must follow with raw().
    void string_head(std::size_t size) noexcept;
    /// What is bencoded already.
    void raw(base::ByteView encoded) noexcept { out_.bytes(encoded); }

    void entry(std::string_view key, std::int64_t value) noexcept {
        string(key);
        integer(value);
    }
    void entry(std::string_view key, base::ByteView value) noexcept {
        string(key);
        string(value);
    }

  private:
    void text(std::string_view bytes) noexcept { out_.bytes(base::as_bytes(bytes)); }

    base::ByteWriter out_;
};

}  // namespace qe::dht
