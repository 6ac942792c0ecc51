// SPDX-License-Identifier: Apache-2.0
#include "quicether/route/overlay_address.h"

#include <algorithm>
#include <array>

#include "quicether/base/assert.h"

namespace qe::route {

namespace {

using base::ErrorCode;

constexpr std::size_t kNetworkBytes = kOverlayIpv6PrefixLength / 8;
constexpr std::size_t kInterfaceBytes = 16 - kNetworkBytes;

constexpr std::array<std::byte, 16> kDefaultNetwork{{std::byte{0xfd}, std::byte{0x71},
                                                     std::byte{0x75}, std::byte{0x69},
                                                     std::byte{0x63}, std::byte{0x65}}};

/// FNV-1a over 64 bits, then MurmurHash3's finaliser: every input bit reaches the upper ones.
std::uint64_t hash(base::ByteView node_id, std::uint32_t attempt) noexcept {
    std::uint64_t h = 0xcbf29ce484222325U;
    const auto take = [&h](std::uint64_t octet) { h = (h ^ octet) * 0x100000001b3U; };
    for (const std::byte b : node_id) {
        take(std::to_integer<std::uint64_t>(b));
    }
    for (unsigned shift = 32; shift != 0; shift -= 8) {
        take(attempt >> (shift - 8) & 0xffU);
    }
    h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdU;
    h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53U;
    return h ^ (h >> 33);
}

std::uint32_t number(const net::IpAddress& v4) noexcept {
    return base::ByteReader(v4.bytes()).u32();
}

}  // namespace

net::Prefix default_overlay_ipv6_network() noexcept {
    return {net::IpAddress::v6(kDefaultNetwork), kOverlayIpv6PrefixLength};
}

base::Result<net::IpAddress> derive_overlay_ipv6(const net::Prefix& network,
                                                 base::ByteView node_id) noexcept {
    QE_ASSERT(node_id.size() == kNodeIdSize);
    if (network.family() != net::Family::V6 || network.length() != kOverlayIpv6PrefixLength) {
        return base::fail(ErrorCode::kBadPrefix, "overlay network must be an IPv6 /48");
    }
    std::array<std::byte, 16> bytes{};
    const base::ByteView upper = network.address().bytes().first(kNetworkBytes);
    const base::ByteView lower = node_id.first(kInterfaceBytes);
    std::copy(lower.begin(), lower.end(), std::copy(upper.begin(), upper.end(), bytes.begin()));
    return net::IpAddress::v6(bytes);
}

base::Result<net::IpAddress> derive_overlay_ipv4(const net::Prefix& network, base::ByteView node_id,
                                                 std::uint32_t attempt) noexcept {
    QE_ASSERT(node_id.size() == kNodeIdSize);
    if (network.family() != net::Family::V4 || network.length() > kOverlayIpv4PrefixLengthMax) {
        return base::fail(ErrorCode::kBadPrefix, "overlay network must be an IPv4 /30 or wider");
    }
    const std::uint64_t hosts = (std::uint64_t{1} << (32 - network.length())) - 2;
    const std::uint64_t host = 1 + ((hash(node_id, attempt) >> 32) * hosts >> 32);
    return net::IpAddress::v4(number(network.network().address()) +
                              static_cast<std::uint32_t>(host));
}

}  // namespace qe::route
