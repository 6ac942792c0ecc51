// SPDX-License-Identifier: Apache-2.0
#include "quicether/base/bytes.h"

#include <sodium.h>

namespace qe::base {
namespace {

int hex_value(char digit) noexcept {
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    if (digit >= 'a' && digit <= 'f') {
        return digit - 'a' + 10;
    }
    if (digit >= 'A' && digit <= 'F') {
        return digit - 'A' + 10;
    }
    return -1;
}

}  // namespace

std::string to_hex(ByteView bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::byte b : bytes) {
        text.push_back(kDigits[std::to_integer<std::size_t>(b >> 4)]);
        text.push_back(kDigits[std::to_integer<std::size_t>(b & std::byte{0x0f})]);
    }
    return text;
}

bool from_hex(std::string_view text, MutableBytes out) noexcept {
    if (text.size() != out.size() * 2) {
        return false;
    }
    for (const char digit : text) {
        if (hex_value(digit) < 0) {
            return false;
        }
    }
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = static_cast<std::byte>(hex_value(text[2 * i]) * 16 + hex_value(text[2 * i + 1]));
    }
    return true;
}

void wipe(MutableBytes bytes) noexcept { sodium_memzero(bytes.data(), bytes.size()); }

}  // namespace qe::base
