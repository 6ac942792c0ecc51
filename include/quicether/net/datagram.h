// SPDX-License-Identifier: Apache-2.0
//
// UDP datagrams as the core and its shell exchange them: views into buffers the shell owns.
//
// A batch of equal-size datagrams of one flow travels as one block with a segment size, which is
// what UDP_SEGMENT (GSO) sends and UDP_GRO receives; only the last segment may be shorter.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quicether/base/bytes.h"
#include "quicether/net/ip_address.h"

namespace qe::net {

/// The two low bits of the traffic class (RFC 3168).
enum class Ecn : std::uint8_t { NotEct = 0, Ect1 = 1, Ect0 = 2, Ce = 3 };

/// Both ends of a UDP flow as this host sees them. `local.ip` is concrete, never "any".
struct FlowAddresses {
    SocketAddress local;
    SocketAddress remote;
    friend auto operator<=>(const FlowAddresses&, const FlowAddresses&) = default;
};

/// Received bytes: one datagram, or several of `segment_size` bytes each one after another.
struct ReceivedDatagrams {
    FlowAddresses flow;
    Ecn ecn = Ecn::NotEct;
    std::size_t segment_size = 0;  ///< Bytes; equals payload.size() for a single datagram.
    base::ByteView payload;
};

/// Bytes to send, written by the core into the shell's buffer.
struct TransmitDatagrams {
    FlowAddresses flow;
    Ecn ecn = Ecn::NotEct;
    std::size_t segment_size = 0;  ///< Bytes; equals size for a single datagram.
    std::size_t size = 0;          ///< Bytes written in all.
    /// False: each datagram is to be sent by itself, because this path loses segmented sends.
    bool segmentation_offload = true;
};

}  // namespace qe::net
