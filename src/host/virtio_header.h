// SPDX-License-Identifier: Apache-2.0
//
// The header that goes before each packet of a TUN device with IFF_VNET_HDR, and what it means.
//
// Pure translation between struct virtio_net_hdr (virtio 1.2, section 5.1.6) and net::Offload. The
// kernel is trusted but checked: a header that does not fit its packet makes the packet unusable,
// and a partial checksum of anything but TCP or UDP right behind the IP header (ICMP, a tunnel in
// the tunnel, IPv6 extension headers) is completed on the spot, so that the core only ever meets
// the two kinds it knows.
#pragma once

#include <cstdint>
#include <optional>

#include <linux/virtio_net.h>

#include "quicether/net/offload.h"

namespace qe::host {

/// Not in the headers of kernels before 6.2.
inline constexpr std::uint8_t kGsoUdpL4 = 5;

/// What `header` says about `packet`, mending the packet's checksum where that is simplest. nullopt
/// when the packet cannot be used: offsets beyond its end, a segmentation that nobody asked for.
[[nodiscard]] std::optional<net::Offload> parse_virtio_header(const virtio_net_hdr& header,
                                                              base::MutableBytes packet) noexcept;

/// The header for `frame`, whose first part holds the IP and transport headers.
[[nodiscard]] virtio_net_hdr encode_virtio_header(const net::TunFrame& frame) noexcept;

}  // namespace qe::host
