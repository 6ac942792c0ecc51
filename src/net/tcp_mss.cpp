// SPDX-License-Identifier: Apache-2.0
//
// The MSS clamp of packet.h. Options may lie at odd offsets, and senders choose every byte here.
#include <optional>

#include "net/header_fields.h"
#include "quicether/net/checksum.h"
#include "quicether/net/packet.h"

namespace qe::net {

namespace {

using base::MutableBytes;

constexpr std::size_t kTcpHeaderMin = 20;
constexpr std::size_t kDataOffset = 12;
constexpr std::size_t kFlags = 13;
constexpr std::size_t kChecksum = 16;
constexpr std::uint8_t kSyn = 0x02;

constexpr std::uint8_t kOptionEnd = 0;
constexpr std::uint8_t kOptionNothing = 1;
constexpr std::uint8_t kOptionMss = 2;
constexpr std::size_t kOptionMssSize = 4;

/// The TCP header with its options, if the packet is an unfragmented SYN with a whole header.
std::optional<MutableBytes> find_syn(MutableBytes packet) noexcept {
    const bool is_v4 = version_of(packet) == 4;
    const std::size_t ip_header = is_v4 ? ipv4_header_size(packet) : kIpv6Header;
    const std::uint8_t proto = get_u8(packet, is_v4 ? ipv4::kProtocol : ipv6::kNextHeader);
    if (proto != protocol::kTcp || packet.size() < ip_header + kTcpHeaderMin ||
        (is_v4 && (get_u16(packet, ipv4::kFragment) & ipv4::kOffsetMask) != 0)) {
        return std::nullopt;
    }
    const MutableBytes tcp = packet.subspan(ip_header);
    const auto header = static_cast<std::size_t>(get_u8(tcp, kDataOffset) >> 4) * 4;
    if ((get_u8(tcp, kFlags) & kSyn) == 0 || header < kTcpHeaderMin || header > tcp.size()) {
        return std::nullopt;
    }
    return tcp.first(header);
}

/// The offset of the MSS value in the header.
std::optional<std::size_t> find_mss(MutableBytes tcp) noexcept {
    std::size_t at = kTcpHeaderMin;
    while (at < tcp.size()) {
        const std::uint8_t kind = get_u8(tcp, at);
        if (kind == kOptionEnd) {
            return std::nullopt;
        }
        if (kind == kOptionNothing) {
            ++at;
            continue;
        }
        const std::size_t size = at + 1 < tcp.size() ? get_u8(tcp, at + 1) : 0;
        if (size < 2 || size > tcp.size() - at) {
            return std::nullopt;
        }
        if (kind == kOptionMss) {
            return size == kOptionMssSize ? std::optional(at + 2) : std::nullopt;
        }
        at += size;
    }
    return std::nullopt;
}

constexpr std::uint16_t swap_bytes(std::uint16_t value) noexcept {
    return static_cast<std::uint16_t>(value << 8 | value >> 8);
}

}  // namespace

bool clamp_tcp_mss(MutableBytes packet, std::size_t mtu_bytes, bool checksum_partial) noexcept {
    const std::size_t fixed =
        kTcpHeaderMin + (version_of(packet) == 4 ? kIpv4HeaderMin : kIpv6Header);
    const auto tcp = find_syn(packet);
    if (!tcp || mtu_bytes <= fixed) {
        return false;
    }
    const auto at = find_mss(*tcp);
    if (!at || get_u16(*tcp, *at) <= mtu_bytes - fixed) {
        return false;
    }
    const std::uint16_t before = get_u16(*tcp, *at);
    const auto after = static_cast<std::uint16_t>(mtu_bytes - fixed);
    put_u16(*tcp, *at, after);
    if (!checksum_partial) {
        const std::uint16_t checksum = get_u16(*tcp, kChecksum);
        const bool odd = *at % 2 != 0;  // its bytes then belong to two words, halves exchanged
        put_u16(*tcp, kChecksum,
                odd ? checksum_update(checksum, swap_bytes(before), swap_bytes(after))
                    : checksum_update(checksum, before, after));
    }
    return true;
}

}  // namespace qe::net
