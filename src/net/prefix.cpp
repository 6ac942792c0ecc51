// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "quicether/base/assert.h"
#include "quicether/net/ip_address.h"

namespace qe::net {

namespace {

/// The bits of byte `index` that belong to the first `length` bits of an address.
std::byte mask_of(std::size_t index, unsigned length) noexcept {
    const unsigned before = static_cast<unsigned>(index) * 8;
    const unsigned used = length <= before ? 0 : std::min(length - before, 8U);
    return static_cast<std::byte>(0xff00U >> used);
}

bool same_first_bits(base::ByteView a, base::ByteView b, unsigned length) noexcept {
    const std::size_t whole = length / 8;
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) {
        return false;
    }
    return length % 8 == 0 || ((a[whole] ^ b[whole]) & mask_of(whole, length)) == std::byte{0};
}

}  // namespace

Prefix::Prefix(IpAddress address, unsigned length) noexcept
    : address_(address), length_(static_cast<std::uint8_t>(length)) {
    QE_ASSERT(length <= address.bit_count());
}

Prefix Prefix::network() const noexcept {
    std::array<std::byte, 16> bytes{};
    const base::ByteView given = address_.bytes();
    for (std::size_t i = 0; i < given.size(); ++i) {
        bytes[i] = given[i] & mask_of(i, length_);
    }
    return {IpAddress::from_bytes(base::ByteView(bytes).first(given.size())), length_};
}

bool Prefix::contains(const IpAddress& address) const noexcept {
    return family() == address.family() &&
           same_first_bits(address_.bytes(), address.bytes(), length_);
}

bool Prefix::contains(const Prefix& other) const noexcept {
    return length_ <= other.length_ && contains(other.address_);
}

bool Prefix::overlaps(const Prefix& other) const noexcept {
    return contains(other) || other.contains(*this);
}

std::string Prefix::to_string() const {
    return address_.to_string() + '/' + std::to_string(length_);
}

base::Result<Prefix> parse_prefix(std::string_view text) {
    using base::ErrorCode;
    const std::size_t slash = text.find('/');
    const auto address = parse_ip_address(text.substr(0, slash));
    if (!address) {
        return base::fail(ErrorCode::kBadPrefix, "not an IP prefix");
    }
    if (slash == std::string_view::npos) {
        return Prefix::host(*address);
    }
    const std::string_view digits = text.substr(slash + 1);
    const bool leading_zero = digits.size() > 1 && digits.front() == '0';
    unsigned length = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (error != std::errc{} || end != digits.data() + digits.size() || leading_zero) {
        return base::fail(ErrorCode::kBadPrefix, "prefix length is not a number");
    }
    if (length > address->bit_count()) {
        return base::fail(ErrorCode::kBadPrefix, "prefix length exceeds the address");
    }
    return Prefix(*address, length);
}

}  // namespace qe::net
