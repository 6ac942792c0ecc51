// SPDX-License-Identifier: Apache-2.0
//
// Offsets of the IPv4, IPv6 and TCP header fields we touch, and big-endian access to them.
//
// The accessors do not check: callers have compared the packet's size with the header's before.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quicether/base/bytes.h"

namespace qe::net {

namespace ipv4 {
inline constexpr std::size_t kTrafficClass = 1;
inline constexpr std::size_t kTotalLength = 2;
inline constexpr std::size_t kIdentification = 4;
inline constexpr std::size_t kFragment = 6;
inline constexpr std::size_t kTtl = 8;
inline constexpr std::size_t kProtocol = 9;
inline constexpr std::size_t kChecksum = 10;
inline constexpr std::size_t kSource = 12;
inline constexpr std::size_t kDestination = 16;

inline constexpr std::uint16_t kDontFragment = 0x4000;
inline constexpr std::uint16_t kMoreFragments = 0x2000;
inline constexpr std::uint16_t kOffsetMask = 0x1fff;
}  // namespace ipv4

namespace ipv6 {
inline constexpr std::size_t kPayloadLength = 4;
inline constexpr std::size_t kNextHeader = 6;
inline constexpr std::size_t kHopLimit = 7;
inline constexpr std::size_t kSource = 8;
inline constexpr std::size_t kDestination = 24;
}  // namespace ipv6

/// IANA protocol numbers.
namespace protocol {
inline constexpr std::uint8_t kHopByHop = 0;
inline constexpr std::uint8_t kIcmp = 1;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr std::uint8_t kDccp = 33;
inline constexpr std::uint8_t kRouting = 43;
inline constexpr std::uint8_t kFragment = 44;
inline constexpr std::uint8_t kAuthentication = 51;
inline constexpr std::uint8_t kIcmpv6 = 58;
inline constexpr std::uint8_t kDestinationOptions = 60;
inline constexpr std::uint8_t kSctp = 132;
inline constexpr std::uint8_t kUdpLite = 136;
}  // namespace protocol

[[nodiscard]] inline std::uint8_t get_u8(base::ByteView bytes, std::size_t at) noexcept {
    return std::to_integer<std::uint8_t>(bytes[at]);
}
[[nodiscard]] inline std::uint16_t get_u16(base::ByteView bytes, std::size_t at) noexcept {
    return static_cast<std::uint16_t>(get_u8(bytes, at) << 8 | get_u8(bytes, at + 1));
}
[[nodiscard]] inline std::uint32_t get_u32(base::ByteView bytes, std::size_t at) noexcept {
    return std::uint32_t{get_u16(bytes, at)} << 16 | get_u16(bytes, at + 2);
}
inline void put_u16(base::MutableBytes bytes, std::size_t at, std::uint16_t value) noexcept {
    bytes[at] = static_cast<std::byte>(value >> 8);
    bytes[at + 1] = static_cast<std::byte>(value);
}

/// 4 for an IPv4 header, 6 for an IPv6 one, anything for something else; `bytes` is not empty.
[[nodiscard]] inline unsigned version_of(base::ByteView bytes) noexcept {
    return std::to_integer<unsigned>(bytes[0] >> 4);
}
/// The announced IPv4 header length in bytes.
[[nodiscard]] inline std::size_t ipv4_header_size(base::ByteView bytes) noexcept {
    return std::to_integer<std::size_t>(bytes[0] & std::byte{0x0f}) * 4;
}

}  // namespace qe::net
