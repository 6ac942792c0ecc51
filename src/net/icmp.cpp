// SPDX-License-Identifier: Apache-2.0
#include "quicether/net/icmp.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "net/header_fields.h"
#include "quicether/base/assert.h"
#include "quicether/net/checksum.h"
#include "quicether/net/packet.h"

namespace qe::net {

namespace {

using base::ByteView;
using base::ErrorCode;
using base::MutableBytes;

constexpr std::size_t kIcmpHeader = 8;
constexpr std::size_t kIpv4ErrorBytesMax = 576;  ///< RFC 1812, 4.3.2.3
constexpr std::size_t kIpv4MinimumMtu = 68;      ///< RFC 791
constexpr std::size_t kIpv4MtuMax = 0xffff;
constexpr std::uint8_t kHopLimit = 64;
constexpr std::uint8_t kInternetworkControl = 0xc0;  ///< RFC 1812, 4.3.2.5
constexpr std::uint8_t kIcmpv6ErrorLast = 127;       ///< RFC 4443, 2.1
constexpr std::uint8_t kIcmpv6Redirect = 137;        ///< RFC 4443, 2.4 e.2
constexpr std::size_t kExtensionHeadersMax = 16;

/// How one error is spelled in both protocols.
struct Spelling {
    std::uint8_t v4_type;
    std::uint8_t v4_code;
    std::uint8_t v6_type;
    std::uint8_t v6_code;
};

Spelling spelling_of(IcmpError error) noexcept {
    switch (error) {
        case IcmpError::PacketTooBig:
            return {3, 4, 2, 0};
        case IcmpError::HopLimitExceeded:
            return {11, 0, 3, 0};
        case IcmpError::NoRoute:
            return {3, 0, 1, 0};
        case IcmpError::HostUnreachable:
            return {3, 1, 1, 3};
        case IcmpError::Prohibited:
            return {3, 13, 1, 1};
    }
    QE_ASSERT(false && "unknown IcmpError");
}

/// Limited broadcast and the reserved 240.0.0.0/4 around it.
bool is_class_e(const IpAddress& address) noexcept {
    return address.is_v4() && (address.bytes()[0] & std::byte{0xf0}) == std::byte{0xf0};
}

bool is_single_host(const IpAddress& address) noexcept {
    return !address.is_any() && !address.is_multicast() && !is_class_e(address);
}

bool is_ipv4_icmp_error(ByteView icmp) noexcept {
    if (icmp.empty()) {
        return true;  // cannot be told: stay silent
    }
    switch (get_u8(icmp, 0)) {
        case 3:   // destination unreachable
        case 4:   // source quench
        case 5:   // redirect
        case 11:  // time exceeded
        case 12:  // parameter problem
            return true;
        default:
            return false;
    }
}

bool may_answer_ipv4(ByteView packet, const PacketFacts& facts) noexcept {
    if ((get_u16(packet, ipv4::kFragment) & ipv4::kOffsetMask) != 0) {
        return false;
    }
    return facts.protocol != protocol::kIcmp ||
           !is_ipv4_icmp_error(packet.subspan(facts.header_size));
}

/// What an IPv6 extension header says about the next one.
struct Extension {
    std::uint8_t next = 0;
    std::size_t size = 0;
    bool later_fragment = false;
};

/// The extension header at `bytes[0]`, or nothing when it is cut.
std::optional<Extension> read_extension(std::uint8_t kind, ByteView bytes) noexcept {
    if (bytes.size() < kIcmpHeader) {  // every extension header has 8 bytes at least
        return std::nullopt;
    }
    Extension extension{get_u8(bytes, 0), (get_u8(bytes, 1) + std::size_t{1}) * 8, false};
    if (kind == protocol::kFragment) {
        extension.size = 8;
        extension.later_fragment = get_u16(bytes, 2) >> 3 != 0;
    } else if (kind == protocol::kAuthentication) {
        extension.size = (get_u8(bytes, 1) + std::size_t{2}) * 4;
    }
    return extension.size <= bytes.size() ? std::optional(extension) : std::nullopt;
}

bool is_extension(std::uint8_t next_header) noexcept {
    return next_header == protocol::kHopByHop || next_header == protocol::kRouting ||
           next_header == protocol::kFragment || next_header == protocol::kAuthentication ||
           next_header == protocol::kDestinationOptions;
}

/// Follows the header chain, because an ICMPv6 error may hide behind it (RFC 4443, 2.4 e).
bool may_answer_ipv6(ByteView packet, const PacketFacts& facts) noexcept {
    ByteView rest = packet.subspan(kIpv6Header);
    std::uint8_t kind = facts.protocol;
    for (std::size_t i = 0; is_extension(kind); ++i) {
        const auto extension = read_extension(kind, rest);
        if (!extension || extension->later_fragment || i == kExtensionHeadersMax) {
            return false;
        }
        kind = extension->next;
        rest = rest.subspan(extension->size);
    }
    if (kind != protocol::kIcmpv6) {
        return true;
    }
    if (rest.empty()) {
        return false;
    }
    const std::uint8_t type = get_u8(rest, 0);
    return type > kIcmpv6ErrorLast && type != kIcmpv6Redirect;
}

bool may_answer(ByteView packet, const PacketFacts& facts) noexcept {
    if (!is_single_host(facts.source) || facts.destination.is_multicast() ||
        is_class_e(facts.destination)) {
        return false;
    }
    return facts.family() == Family::V4 ? may_answer_ipv4(packet, facts)
                                        : may_answer_ipv6(packet, facts);
}

/// The 32 bits behind type, code and checksum: zero, or the MTU where the protocol puts it.
std::uint32_t rest_of_header(IcmpError error, Family family, std::size_t mtu) noexcept {
    if (error != IcmpError::PacketTooBig) {
        return 0;
    }
    const std::size_t floor = family == Family::V4 ? kIpv4MinimumMtu : kIpv6MinimumMtu;
    return static_cast<std::uint32_t>(std::clamp(mtu, floor, kIpv4MtuMax));
}

void write_ipv4_header(base::ByteWriter& writer, const IpAddress& source,
                       const IpAddress& destination, std::size_t total) noexcept {
    writer.u8(0x45);
    writer.u8(kInternetworkControl);
    writer.u16(static_cast<std::uint16_t>(total));
    writer.u16(0);  // identification: free, as the packet is atomic (RFC 6864)
    writer.u16(ipv4::kDontFragment);
    writer.u8(kHopLimit);
    writer.u8(protocol::kIcmp);
    writer.u16(0);
    writer.bytes(source.bytes());
    writer.bytes(destination.bytes());
}

void write_ipv6_header(base::ByteWriter& writer, const IpAddress& source,
                       const IpAddress& destination, std::size_t total) noexcept {
    writer.u32(0x60000000);
    writer.u16(static_cast<std::uint16_t>(total - kIpv6Header));
    writer.u8(protocol::kIcmpv6);
    writer.u8(kHopLimit);
    writer.bytes(source.bytes());
    writer.bytes(destination.bytes());
}

void write_checksums(MutableBytes packet, std::size_t header, const IpAddress& source,
                     const IpAddress& destination) noexcept {
    const MutableBytes icmp = packet.subspan(header);
    if (source.is_v4()) {
        put_u16(packet, ipv4::kChecksum, internet_checksum(packet.first(header)));
        put_u16(icmp, 2, internet_checksum(icmp));
    } else {
        put_u16(icmp, 2, transport_checksum(source, destination, protocol::kIcmpv6, icmp));
    }
}

}  // namespace

base::Result<std::size_t> write_icmp_error(IcmpError error, ByteView offender,
                                           const IpAddress& source, std::size_t mtu,
                                           MutableBytes out) {
    QE_ASSERT(out.size() >= kIcmpErrorBytesMax);
    const auto facts = parse_packet(offender);
    if (!facts) {
        return base::fail(ErrorCode::kMalformed, facts.error().text);
    }
    if (source.family() != facts->family() || !may_answer(offender, *facts)) {
        return base::fail(ErrorCode::kUnsupported, "no ICMP error may answer this packet");
    }
    const bool is_v4 = source.is_v4();
    const std::size_t header = is_v4 ? kIpv4HeaderMin : kIpv6Header;
    const std::size_t room = (is_v4 ? kIpv4ErrorBytesMax : kIcmpErrorBytesMax) - header;
    const std::size_t quoted = std::min(offender.size(), room - kIcmpHeader);
    const std::size_t total = header + kIcmpHeader + quoted;

    base::ByteWriter writer(out);
    if (is_v4) {
        write_ipv4_header(writer, source, facts->source, total);
    } else {
        write_ipv6_header(writer, source, facts->source, total);
    }
    const Spelling spelling = spelling_of(error);
    writer.u8(is_v4 ? spelling.v4_type : spelling.v6_type);
    writer.u8(is_v4 ? spelling.v4_code : spelling.v6_code);
    writer.u16(0);
    writer.u32(rest_of_header(error, facts->family(), mtu));
    writer.bytes(offender.first(quoted));
    write_checksums(out.first(total), header, source, facts->source);
    return total;
}

}  // namespace qe::net
