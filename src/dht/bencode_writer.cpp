// SPDX-License-Identifier: Apache-2.0
#include "quicether/dht/bencode_writer.h"

#include <array>
#include <charconv>
#include <limits>

namespace qe::dht {
namespace {

constexpr std::size_t kNumberCharsMax = std::numeric_limits<std::int64_t>::digits10 + 3;

/// A decimal number as text.
class Decimal {
  public:
    template <typename Number>
    explicit Decimal(Number value) noexcept {
        const auto result = std::to_chars(text_.data(), text_.data() + text_.size(), value);
        size_ = static_cast<std::size_t>(result.ptr - text_.data());
    }
    [[nodiscard]] std::string_view view() const noexcept { return {text_.data(), size_}; }

  private:
    std::array<char, kNumberCharsMax> text_{};
    std::size_t size_ = 0;
};

}  // namespace

void BencodeWriter::integer(std::int64_t value) noexcept {
    text("i");
    text(Decimal(value).view());
    text("e");
}

void BencodeWriter::string_head(std::size_t size) noexcept {
    text(Decimal(size).view());
    text(":");
}

void BencodeWriter::string(base::ByteView bytes) noexcept {
    string_head(bytes.size());
    out_.bytes(bytes);
}

}  // namespace qe::dht
