// SPDX-License-Identifier: Apache-2.0
#include "quicether/dht/bencode_reader.h"

#include <algorithm>
#include <array>
#include <limits>

namespace qe::dht {
namespace {

using base::ByteView;
using base::ErrorCode;
using base::fail;
using base::Result;

constexpr std::size_t kDecimalDigitsMax = 19;

char char_at(ByteView bytes, std::size_t index) noexcept { return static_cast<char>(bytes[index]); }

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// A decimal number in front of some bytes.
struct Digits {
    std::uint64_t value = 0;
    std::size_t count = 0;
    bool canonical = false;  ///< At least one digit, no leading zero, no overflow.
};

Digits leading_digits(ByteView bytes) noexcept {
    Digits digits;
    while (digits.count < bytes.size() && digits.count <= kDecimalDigitsMax &&
           is_digit(char_at(bytes, digits.count))) {
        digits.value =
            digits.value * 10 + static_cast<std::uint64_t>(char_at(bytes, digits.count) - '0');
        ++digits.count;
    }
    digits.canonical = digits.count > 0 && digits.count <= kDecimalDigitsMax &&
                       (digits.count == 1 || char_at(bytes, 0) != '0');
    return digits;
}

/// Size of an integer element in front of `bytes`, which start with 'i'.
Result<std::size_t> integer_size(ByteView bytes) noexcept {
    const bool negative = bytes.size() > 1 && char_at(bytes, 1) == '-';
    const std::size_t start = negative ? 2 : 1;
    const Digits digits = leading_digits(bytes.subspan(std::min(start, bytes.size())));
    const std::size_t end = start + digits.count;
    if (end >= bytes.size()) {
        return fail(ErrorCode::kTruncated, "bencode: integer without end");
    }
    constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (!digits.canonical || char_at(bytes, end) != 'e' || (negative && digits.value == 0) ||
        digits.value > kMax + (negative ? 1U : 0U)) {
        return fail(ErrorCode::kMalformed, "bencode: bad integer");
    }
    return end + 1;
}

/// Size of a string element in front of `bytes`, which start with a digit.
Result<std::size_t> string_size(ByteView bytes) noexcept {
    const Digits digits = leading_digits(bytes);
    if (!digits.canonical) {
        return fail(ErrorCode::kMalformed, "bencode: bad length");
    }
    if (digits.count >= bytes.size()) {
        return fail(ErrorCode::kTruncated, "bencode: length without string");
    }
    if (char_at(bytes, digits.count) != ':') {
        return fail(ErrorCode::kMalformed, "bencode: bad length");
    }
    if (digits.value > bytes.size() - digits.count - 1) {
        return fail(ErrorCode::kTruncated, "bencode: string cut off");
    }
    return digits.count + 1 + static_cast<std::size_t>(digits.value);
}

/// What a checked string element holds.
ByteView string_content(ByteView element) noexcept {
    return element.subspan(leading_digits(element).count + 1);
}

/// Checks one element from front to back, with an explicit stack.
class Checker {
  public:
    explicit Checker(ByteView bytes) noexcept : rest_(bytes) {}

    /// Consumes exactly one element of the highest level.
    base::Status run() noexcept {
        do {
            QE_TRY_STATUS(step());
        } while (depth_ > 0);
        return rest_.empty() ? base::Status()
                             : base::Status(fail(ErrorCode::kMalformed, "bencode: bytes behind"));
    }

  private:
    struct Level {
        bool is_dictionary = false;
        bool value_follows = false;
        bool has_key = false;
        ByteView last_key;
    };

    base::Status step() noexcept {
        if (rest_.empty()) {
            return fail(ErrorCode::kTruncated, "bencode: cut off");
        }
        const char first = char_at(rest_, 0);
        if (first == 'e') {
            return close();
        }
        if (++elements_ > kBencodeElementsMax) {
            return fail(ErrorCode::kTooLarge, "bencode: too many elements");
        }
        if (expects_key()) {
            return is_digit(first) ? key() : fail(ErrorCode::kMalformed, "bencode: bad key");
        }
        value_done();
        if (first == 'l' || first == 'd') {
            return open(first == 'd');
        }
        if (first == 'i') {
            return consume(integer_size(rest_));
        }
        return is_digit(first) ? consume(string_size(rest_))
                               : fail(ErrorCode::kMalformed, "bencode: no such type");
    }

    [[nodiscard]] bool expects_key() const noexcept {
        return depth_ > 0 && levels_[depth_ - 1].is_dictionary &&
               !levels_[depth_ - 1].value_follows;
    }

    void value_done() noexcept {
        if (depth_ > 0) {
            levels_[depth_ - 1].value_follows = false;
        }
    }

    base::Status consume(const Result<std::size_t>& size) noexcept {
        if (!size) {
            return fail(size);
        }
        rest_ = rest_.subspan(*size);
        return {};
    }

    base::Status open(bool is_dictionary) noexcept {
        if (depth_ == levels_.size()) {
            return fail(ErrorCode::kTooLarge, "bencode: nested too deeply");
        }
        levels_[depth_++] = Level{is_dictionary, false, false, {}};
        rest_ = rest_.subspan(1);
        return {};
    }

    base::Status close() noexcept {
        if (depth_ == 0 || levels_[depth_ - 1].value_follows) {
            return fail(ErrorCode::kMalformed, "bencode: end without beginning");
        }
        --depth_;
        rest_ = rest_.subspan(1);
        return {};
    }

    base::Status key() noexcept {
        const auto size = string_size(rest_);
        if (!size) {
            return fail(size);
        }
        Level& level = levels_[depth_ - 1];
        const ByteView content = string_content(rest_.first(*size));
        if (level.has_key && !std::ranges::lexicographical_compare(level.last_key, content)) {
            return fail(ErrorCode::kMalformed, "bencode: keys not sorted");
        }
        level = Level{true, true, true, content};
        return consume(size);
    }

    ByteView rest_;
    std::array<Level, kBencodeDepthMax> levels_;
    std::size_t depth_ = 0;
    std::size_t elements_ = 0;
};

/// Size of the element in front of checked bytes.
std::size_t element_size(ByteView bytes) noexcept {
    std::size_t size = 0;
    std::size_t depth = 0;
    do {
        const ByteView rest = bytes.subspan(size);
        switch (char_at(rest, 0)) {
            case 'l':
            case 'd':
                ++depth;
                ++size;
                break;
            case 'e':
                --depth;
                ++size;
                break;
            case 'i':
                size += static_cast<std::size_t>(std::ranges::find(rest, std::byte{'e'}) -
                                                 rest.begin()) +
                        1;
                break;
            default: {
                const Digits digits = leading_digits(rest);
                size += digits.count + 1 + static_cast<std::size_t>(digits.value);
            }
        }
    } while (depth > 0);
    return size;
}

}  // namespace

BencodeValue::Kind BencodeValue::kind() const noexcept {
    switch (char_at(encoded_, 0)) {
        case 'i':
            return Kind::Integer;
        case 'l':
            return Kind::List;
        case 'd':
            return Kind::Dictionary;
        default:
            return Kind::String;
    }
}

std::optional<std::int64_t> BencodeValue::integer() const noexcept {
    if (kind() != Kind::Integer) {
        return std::nullopt;
    }
    const bool negative = char_at(encoded_, 1) == '-';
    const std::uint64_t magnitude = leading_digits(encoded_.subspan(negative ? 2 : 1)).value;
    return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

std::optional<ByteView> BencodeValue::string() const noexcept {
    return kind() == Kind::String ? std::optional(string_content(encoded_)) : std::nullopt;
}

std::optional<BencodeValue> BencodeValue::find(std::string_view key) const noexcept {
    if (kind() != Kind::Dictionary) {
        return std::nullopt;
    }
    BencodeCursor cursor = children();
    while (const auto name = cursor.next()) {
        const auto value = cursor.next();
        if (base::as_text(*name->string()) == key) {
            return value;
        }
    }
    return std::nullopt;
}

BencodeCursor BencodeValue::children() const noexcept {
    const bool has_children = kind() == Kind::List || kind() == Kind::Dictionary;
    return BencodeCursor(has_children ? encoded_.subspan(1, encoded_.size() - 2) : ByteView());
}

std::optional<BencodeValue> BencodeCursor::next() noexcept {
    if (rest_.empty()) {
        return std::nullopt;
    }
    const BencodeValue value(rest_.first(element_size(rest_)));
    rest_ = rest_.subspan(value.encoded().size());
    return value;
}

Result<BencodeValue> parse_bencode(ByteView bytes) noexcept {
    QE_TRY_STATUS(Checker(bytes).run());
    return BencodeValue(bytes);
}

}  // namespace qe::dht
