// SPDX-License-Identifier: Apache-2.0
//
// The Internet checksum: whole sums, pseudo-headers and incremental updates.
//
// A `ChecksumSum` is the unfolded one's complement sum of 16-bit big-endian words, as a host
// number; sums of parts that begin at even offsets simply add. `fold` makes it the 16 bits, and
// their complement is what goes on the wire. RFC 1071 (sum), RFC 1624 (update: equation 3, which
// unlike RFC 1141's never makes 0xffff of 0x0000), RFC 8200 section 8.1 (pseudo-header).
#pragma once

#include <cstdint>

#include "quicether/base/bytes.h"
#include "quicether/net/ip_address.h"

namespace qe::net {

/// Up to 2^16 folded words may be added before it could overflow: more than any packet needs.
using ChecksumSum = std::uint32_t;

/// The sum of `bytes` (at most 16 bits wide); an odd last byte is padded with zero.
[[nodiscard]] ChecksumSum checksum_sum(base::ByteView bytes) noexcept;

/// Folds the carries back in, without complementing.
[[nodiscard]] constexpr std::uint16_t checksum_fold(ChecksumSum sum) noexcept {
    sum = (sum & 0xffffU) + (sum >> 16);
    sum = (sum & 0xffffU) + (sum >> 16);
    return static_cast<std::uint16_t>(sum);
}

/// What to write into the zeroed checksum field of an IPv4 or ICMP header over `bytes`; zero when
/// the field inside `bytes` already holds the right value.
[[nodiscard]] inline std::uint16_t internet_checksum(base::ByteView bytes) noexcept {
    return static_cast<std::uint16_t>(~checksum_fold(checksum_sum(bytes)));
}

/// The sum of the pseudo-header; `length_bytes` is transport header and data, below 2^16.
/// Both addresses have the same family.
[[nodiscard]] ChecksumSum pseudo_header_sum(const IpAddress& source, const IpAddress& destination,
                                            std::uint8_t protocol,
                                            std::size_t length_bytes) noexcept;

/// TCP, UDP or ICMPv6 checksum over a segment whose checksum field is zero. For UDP a result of
/// zero becomes 0xffff, because zero says "none" there (RFC 768).
[[nodiscard]] std::uint16_t transport_checksum(const IpAddress& source,
                                               const IpAddress& destination, std::uint8_t protocol,
                                               base::ByteView segment) noexcept;

/// `checksum` after a 16-bit word at an even offset went from `before` to `after`.
[[nodiscard]] constexpr std::uint16_t checksum_update(std::uint16_t checksum, std::uint16_t before,
                                                      std::uint16_t after) noexcept {
    const ChecksumSum sum = static_cast<ChecksumSum>(static_cast<std::uint16_t>(~checksum)) +
                            static_cast<std::uint16_t>(~before) + after;
    return static_cast<std::uint16_t>(~checksum_fold(sum));
}

/// The same for a 32-bit field at an even offset (a TCP sequence number, an IPv4 address).
[[nodiscard]] constexpr std::uint16_t checksum_update32(std::uint16_t checksum,
                                                        std::uint32_t before,
                                                        std::uint32_t after) noexcept {
    checksum = checksum_update(checksum, static_cast<std::uint16_t>(before >> 16),
                               static_cast<std::uint16_t>(after >> 16));
    return checksum_update(checksum, static_cast<std::uint16_t>(before),
                           static_cast<std::uint16_t>(after));
}

/// Where the checksum field of a transport header is, from the header's beginning: TCP 16, UDP 6.
[[nodiscard]] constexpr std::size_t checksum_field(std::uint8_t protocol) noexcept {
    constexpr std::uint8_t kTcp = 6;
    return protocol == kTcp ? 16 : 6;
}

/// Writes the pseudo-header's sum into the TCP or UDP checksum field of a whole IP packet, which is
/// how a packet with a partial checksum looks to the kernel. The packet must have parsed and reach
/// beyond the field.
void begin_checksum(base::MutableBytes packet, std::size_t transport_offset,
                    std::uint8_t protocol) noexcept;
/// Computes the TCP or UDP checksum of a whole IP packet, whatever its field holds. Same terms.
void complete_checksum(base::MutableBytes packet, std::size_t transport_offset,
                       std::uint8_t protocol) noexcept;

}  // namespace qe::net
