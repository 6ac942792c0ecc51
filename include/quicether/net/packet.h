// SPDX-License-Identifier: Apache-2.0
//
// Views over IP packets: what the data plane must know before it forwards one.
//
// Parsing checks lengths and versions only as far as the fields read here need it; a packet that
// passes has a complete header and a total length that equals the view's. RFC 791, RFC 8200.
// IPv6 extension headers are not followed: what lies behind one counts as a protocol without ports.
// Checksums are not verified; those that an edit touches are mended in place (RFC 1624), hence they
// must be complete, not the partial sums of an unfinished offload.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/net/datagram.h"
#include "quicether/net/ip_address.h"

namespace qe::net {

inline constexpr std::size_t kIpv4HeaderMin = 20;
inline constexpr std::size_t kIpv6Header = 40;
/// RFC 8200, section 5: every IPv6 link must carry this.
inline constexpr std::size_t kIpv6MinimumMtu = 1280;

/// The routing facts of one packet.
struct PacketFacts {
    IpAddress source;
    IpAddress destination;
    std::size_t total_size = 0;   ///< Bytes, header included.
    std::size_t header_size = 0;  ///< IPv4 header with options; 40 for IPv6.
    std::uint8_t protocol = 0;    ///< IPv4 protocol, or IPv6 next header (extension or not).
    std::uint8_t hop_limit = 0;   ///< TTL or hop limit.
    Ecn ecn = Ecn::NotEct;
    bool dont_fragment = false;     ///< IPv4 DF; always true for IPv6.
    std::uint32_t flow_hash = 0;    ///< Over addresses, protocol and, when present, ports.
    bool is_fragment = false;       ///< IPv4 with MF or an offset; IPv6 with a fragment header.
    bool has_ports = false;         ///< TCP, UDP, UDP-Lite, DCCP or SCTP, not in a fragment.
    std::uint16_t source_port = 0;  ///< 0 without ports.
    std::uint16_t destination_port = 0;

    [[nodiscard]] Family family() const noexcept { return source.family(); }
};

/// Parses the packet that starts at `bytes[0]` and fills exactly `bytes`.
/// Errors: kTruncated, kMalformed (version, header length, total length != bytes.size()).
[[nodiscard]] base::Result<PacketFacts> parse_packet(base::ByteView bytes) noexcept;

/// The total length that the header at `bytes[0]` announces, for walking packets laid back to back.
/// Errors: kTruncated when header or packet is not whole, kMalformed.
[[nodiscard]] base::Result<std::size_t> packet_size(base::ByteView bytes) noexcept;

/// The Differentiated Services code point (RFC 2474), 0 … 63. The packet must have parsed.
[[nodiscard]] std::uint8_t dscp_of(base::ByteView packet) noexcept;

/// Lowers TTL or hop limit by one and mends the IPv4 header checksum (RFC 1624). The packet must
/// have parsed. False, packet unchanged, when the limit is 1 or 0: it must not be forwarded.
[[nodiscard]] bool decrement_hop_limit(base::MutableBytes packet) noexcept;

/// Marks Congestion Experienced on a packet that came as ECT(0) or ECT(1) (RFC 3168), mending the
/// IPv4 header checksum. The packet must have parsed. False, packet unchanged, when it is not ECN
/// capable (then only a drop tells the sender) or marked already.
bool mark_congestion(base::MutableBytes packet) noexcept;

inline constexpr std::uint8_t kProtocolTcp = 6;
inline constexpr std::uint8_t kProtocolUdp = 17;

/// Whether the packet, of which `facts` are, is a TCP segment with SYN.
[[nodiscard]] inline bool is_tcp_syn(base::ByteView packet, const PacketFacts& facts) noexcept {
    constexpr std::size_t kFlags = 13;
    constexpr std::byte kSyn{0x02};
    return facts.protocol == kProtocolTcp && facts.has_ports &&
           packet.size() > facts.header_size + kFlags &&
           (packet[facts.header_size + kFlags] & kSyn) != std::byte{0};
}

/// Lowers the MSS option of a TCP SYN to what fits `mtu_bytes` whole (less 20 + 20 or 40 + 20 bytes
/// of fixed headers, RFC 6691), mending the checksum; one that is `checksum_partial` does not cover
/// the option yet. The packet must have parsed. True when it changed the packet.
bool clamp_tcp_mss(base::MutableBytes packet, std::size_t mtu_bytes,
                   bool checksum_partial = false) noexcept;

}  // namespace qe::net
