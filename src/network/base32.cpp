// SPDX-License-Identifier: Apache-2.0
#include "network/base32.h"

#include <cstdint>

namespace qe::network {
namespace {

constexpr std::string_view kDigits = "abcdefghijklmnopqrstuvwxyz234567";
constexpr unsigned kDigitBits = 5;
constexpr unsigned kNoDigit = 32;

unsigned value_of(char c) noexcept {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const std::size_t at = kDigits.find(lower);
    return at == std::string_view::npos ? kNoDigit : static_cast<unsigned>(at);
}

}  // namespace

std::string to_base32(base::ByteView bytes) {
    std::string text;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const std::byte b : bytes) {
        bits = (bits << 8) | std::to_integer<std::uint32_t>(b);
        held += 8;
        while (held >= kDigitBits) {
            held -= kDigitBits;
            text.push_back(kDigits[(bits >> held) & 31U]);
        }
    }
    if (held > 0) {
        text.push_back(kDigits[(bits << (kDigitBits - held)) & 31U]);
    }
    return text;
}

bool is_base32_digit(char c) noexcept { return value_of(c) != kNoDigit; }

std::optional<base::Bytes> from_base32(std::string_view text) {
    base::Bytes bytes;
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        const unsigned value = value_of(c);
        if (value == kNoDigit) {
            return std::nullopt;
        }
        bits = (bits << kDigitBits) | value;
        held += kDigitBits;
        if (held >= 8) {
            held -= 8;
            bytes.push_back(static_cast<std::byte>(bits >> held));
        }
    }
    const std::uint32_t left_over = bits & ((1U << held) - 1);
    if (held >= kDigitBits || left_over != 0) {
        return std::nullopt;
    }
    return bytes;
}

}  // namespace qe::network
