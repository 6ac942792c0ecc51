// SPDX-License-Identifier: Apache-2.0
#include "dht/subnet.h"

#include <algorithm>
#include <array>

namespace qe::dht {
namespace {

struct V4Range {
    std::uint32_t base;
    unsigned length;
};
constexpr std::array<V4Range, 4> kLocalV4 = {
    {{0x0a000000, 8}, {0xac100000, 12}, {0xc0a80000, 16}, {0x64400000, 10}}};

std::uint64_t leading(const net::IpAddress& ip, std::size_t bytes) noexcept {
    std::uint64_t value = 0;
    for (const std::byte b : ip.bytes().first(bytes)) {
        value = (value << 8) | std::to_integer<std::uint64_t>(b);
    }
    return value;
}

}  // namespace

std::uint64_t subnet_of(const net::IpAddress& ip) noexcept {
    return leading(ip, ip.is_v4() ? 3 : 8);
}

std::uint64_t network_of(const net::IpAddress& ip) noexcept {
    return leading(ip, ip.is_v4() ? 2 : 6);
}

bool is_local(const net::IpAddress& ip) noexcept {
    if (ip.is_loopback() || ip.is_link_local()) {
        return true;
    }
    if (ip.is_v6()) {
        return (ip.bytes()[0] & std::byte{0xfe}) == std::byte{0xfc};
    }
    const auto address = static_cast<std::uint32_t>(leading(ip, 4));
    return std::ranges::any_of(kLocalV4, [&](const V4Range& range) {
        return (address ^ range.base) >> (32 - range.length) == 0;
    });
}

}  // namespace qe::dht
