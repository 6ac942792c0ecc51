// SPDX-License-Identifier: Apache-2.0
//
// Offloads: what a packet between the TUN device and the core leaves for a later stage to do.
//
// The kernel hands TCP (and UDP, where it knows how) to a TUN device as super-packets of up to 64
// KiB with one header, and takes them back the same way: one system call instead of forty-five.
// Such a packet has only the pseudo-header's sum in its transport checksum field; whoever needs the
// real checksum completes it. These types say so in the core's terms; `host` translates them from
// and to struct virtio_net_hdr (virtio 1.2, section 5.1.6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "quicether/base/bytes.h"

namespace qe::net {

/// The largest IP packet, and hence super-packet.
inline constexpr std::size_t kPacketBytesMax = 65'535;

/// How a super-packet is to be cut.
enum class Segmentation : std::uint8_t {
    None,  ///< It is one packet.
    Tcp,   ///< At any byte of the payload; `segment_bytes` is the sender's MSS.
    Udp,   ///< Into datagrams of exactly `segment_bytes`; only the last may be shorter.
};

/// What one packet leaves undone.
struct Offload {
    Segmentation segmentation = Segmentation::None;
    /// The TCP or UDP checksum field does not hold the checksum. Always so when segmented.
    bool checksum_partial = false;
    std::uint16_t segment_bytes = 0;     ///< Transport payload of a segment; 0 when not segmented.
    std::uint16_t transport_offset = 0;  ///< Of the TCP or UDP header; 0 when nothing is left.

    friend bool operator==(const Offload&, const Offload&) = default;
};

/// A packet or super-packet read from the TUN device. Its IP header's length field is right.
struct TunPacket {
    base::MutableBytes bytes;
    Offload offload;
};

/// A packet or super-packet for the TUN device: the concatenation of `parts`. With a partial
/// checksum its field holds the pseudo-header's sum, as the device wants it.
struct TunFrame {
    std::span<const base::ByteView> parts;
    std::size_t size = 0;  ///< Bytes of all parts.
    Offload offload;
};

/// What a TUN device does with frames written to it. Without `checksum` neither of the others.
struct TunOffloads {
    bool checksum = false;  ///< Completes partial checksums.
    bool tcp = false;       ///< Takes TCP super-packets.
    bool udp = false;       ///< Takes UDP super-packets (Linux >= 6.2).

    friend bool operator==(const TunOffloads&, const TunOffloads&) = default;
};

}  // namespace qe::net
