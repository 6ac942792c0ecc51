// SPDX-License-Identifier: Apache-2.0
#include "quicether/net/ip_address.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>

#include "quicether/base/assert.h"

namespace qe::net {

namespace {

constexpr std::size_t kGroups = 8;
constexpr std::size_t kMappedPrefix = 12;  ///< Bytes of ::ffff:0:0/96.

using Groups = std::array<unsigned, kGroups>;

/// The run of zero groups that RFC 5952, 4.2 shortens to "::"; `size` 0 when there is none.
struct ZeroRun {
    std::size_t begin = 0;
    std::size_t size = 0;
};

unsigned number(std::byte b) noexcept { return std::to_integer<unsigned>(b); }

void append_number(std::string& text, unsigned value, int base) {
    std::array<char, 10> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
    text.append(digits.data(), end);
}

std::string dotted_quad(base::ByteView four) {
    std::string text;
    for (std::size_t i = 0; i < four.size(); ++i) {
        if (i != 0) {
            text += '.';
        }
        append_number(text, number(four[i]), 10);
    }
    return text;
}

Groups groups_of(base::ByteView sixteen) noexcept {
    Groups groups{};
    for (std::size_t i = 0; i < kGroups; ++i) {
        groups[i] = number(sixteen[2 * i]) << 8 | number(sixteen[2 * i + 1]);
    }
    return groups;
}

/// The longest run of at least two zero groups, the first of equals.
ZeroRun longest_zero_run(const Groups& groups) noexcept {
    ZeroRun best;
    for (std::size_t i = 0; i < kGroups;) {
        std::size_t end = i;
        while (end < kGroups && groups[end] == 0) {
            ++end;
        }
        if (end - i > std::max<std::size_t>(best.size, 1)) {
            best = {i, end - i};
        }
        i = end + 1;
    }
    return best;
}

std::string colon_text(const Groups& groups) {
    const ZeroRun run = longest_zero_run(groups);
    std::string text;
    for (std::size_t i = 0; i < kGroups; ++i) {
        if (run.size != 0 && i == run.begin) {
            text += "::";
            i += run.size - 1;
            continue;
        }
        if (!text.empty() && text.back() != ':') {
            text += ':';
        }
        append_number(text, groups[i], 16);
    }
    return text;
}

/// splitmix64's finaliser.
std::uint64_t mix(std::uint64_t x) noexcept {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

}  // namespace

IpAddress IpAddress::from_bytes(base::ByteView bytes) noexcept {
    QE_ASSERT(bytes.size() == 4 || bytes.size() == 16);
    IpAddress address;
    address.family_ = bytes.size() == 4 ? Family::V4 : Family::V6;
    std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
    return address;
}

IpAddress IpAddress::any(Family family) noexcept {
    IpAddress address;
    address.family_ = family;
    return address;
}

bool IpAddress::is_any() const noexcept { return *this == any(family_); }

bool IpAddress::is_loopback() const noexcept {
    if (is_v4()) {
        return bytes_[0] == std::byte{127};
    }
    return std::all_of(bytes_.begin(), bytes_.end() - 1,
                       [](std::byte b) { return b == std::byte{0}; }) &&
           bytes_[15] == std::byte{1};
}

bool IpAddress::is_link_local() const noexcept {
    if (is_v4()) {
        return bytes_[0] == std::byte{169} && bytes_[1] == std::byte{254};
    }
    return bytes_[0] == std::byte{0xfe} && (bytes_[1] & std::byte{0xc0}) == std::byte{0x80};
}

bool IpAddress::is_multicast() const noexcept {
    return is_v4() ? (bytes_[0] & std::byte{0xf0}) == std::byte{0xe0}
                   : bytes_[0] == std::byte{0xff};
}

bool IpAddress::is_v4_mapped() const noexcept {
    static constexpr std::array<std::byte, kMappedPrefix> kPrefix{
        {{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, std::byte{0xff}, std::byte{0xff}}};
    return is_v6() && std::equal(kPrefix.begin(), kPrefix.end(), bytes_.begin());
}

IpAddress IpAddress::unmapped() const noexcept {
    return is_v4_mapped() ? from_bytes(bytes().subspan(kMappedPrefix)) : *this;
}

std::string IpAddress::to_string() const {
    if (is_v4()) {
        return dotted_quad(bytes());
    }
    if (is_v4_mapped()) {  // RFC 5952, section 5
        return "::ffff:" + dotted_quad(bytes().subspan(kMappedPrefix));
    }
    return colon_text(groups_of(bytes()));
}

base::Result<IpAddress> parse_ip_address(std::string_view text) {
    using base::ErrorCode;
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    if (text.empty() || text.size() >= terminated.size() ||
        text.find('\0') != std::string_view::npos) {
        return base::fail(ErrorCode::kBadAddress, "not an IP address");
    }
    std::copy(text.begin(), text.end(), terminated.begin());

    std::array<std::byte, 16> bytes{};
    if (::inet_pton(AF_INET, terminated.data(), bytes.data()) == 1) {
        return IpAddress::from_bytes(base::ByteView(bytes).first(4));
    }
    if (::inet_pton(AF_INET6, terminated.data(), bytes.data()) != 1) {
        return base::fail(ErrorCode::kBadAddress, "not an IP address");
    }
    const IpAddress address = IpAddress::v6(bytes);
    if (address.is_v4_mapped()) {
        return base::fail(ErrorCode::kBadAddress, "IPv4-mapped IPv6: write the IPv4 address");
    }
    return address;
}

}  // namespace qe::net

std::size_t std::hash<qe::net::IpAddress>::operator()(
    const qe::net::IpAddress& address) const noexcept {
    std::array<std::uint64_t, 2> words{};
    const auto bytes = address.bytes();
    std::memcpy(words.data(), bytes.data(), bytes.size());
    const auto family = static_cast<std::uint64_t>(address.family());
    return qe::net::mix(qe::net::mix(words[0] + family) + words[1]);
}

std::size_t std::hash<qe::net::SocketAddress>::operator()(
    const qe::net::SocketAddress& address) const noexcept {
    const std::uint64_t rest = std::uint64_t{address.scope} << 16 | address.port;
    return qe::net::mix(std::hash<qe::net::IpAddress>()(address.ip) + rest);
}
