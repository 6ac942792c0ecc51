// SPDX-License-Identifier: Apache-2.0
//
// The header that goes before each packet of a TUN device with IFF_VNET_HDR, and what it means.
//
// Pure translation between struct virtio_net_hdr (virtio 1.2, section 5.1.6; declared anew because
// C++ cannot read <linux/virtio_net.h>) and net::Offload. The
// kernel is trusted but checked: a header that does not fit its packet makes the packet unusable,
// and a partial checksum of anything but TCP or UDP right behind the IP header (ICMP, a tunnel in
// the tunnel, IPv6 extension headers) is completed on the spot, so that the core only ever meets
// the two kinds it knows.
#pragma once

#include <cstdint>
#include <optional>

#include "quicether/net/offload.h"

namespace qe::host {

/// In the byte order of the host, as TUN devices have it unless told otherwise.
struct VirtioHeader {
    static constexpr std::uint8_t kNeedsChecksum = 1;

    static constexpr std::uint8_t kGsoNone = 0;
    static constexpr std::uint8_t kGsoTcpV4 = 1;
    static constexpr std::uint8_t kGsoTcpV6 = 4;
    static constexpr std::uint8_t kGsoUdpL4 = 5;   ///< Since Linux 6.2.
    static constexpr std::uint8_t kGsoEcn = 0x80;  ///< TCP with CWR set.

    std::uint8_t flags = 0;
    std::uint8_t gso_type = kGsoNone;
    std::uint16_t header_bytes = 0;   ///< All headers; a hint, not read here.
    std::uint16_t segment_bytes = 0;  ///< Payload of a segment.
    std::uint16_t checksum_start = 0;
    std::uint16_t checksum_offset = 0;  ///< From checksum_start.
};
static_assert(sizeof(VirtioHeader) == 10);

/// What `header` says about `packet`, mending the packet's checksum where that is simplest. nullopt
/// when the packet cannot be used: offsets beyond its end, a segmentation that nobody asked for.
[[nodiscard]] std::optional<net::Offload> parse_virtio_header(const VirtioHeader& header,
                                                              base::MutableBytes packet) noexcept;

/// The header for `frame`, whose first part holds the IP and transport headers.
[[nodiscard]] VirtioHeader encode_virtio_header(const net::TunFrame& frame) noexcept;

}  // namespace qe::host
