// SPDX-License-Identifier: Apache-2.0
//
// Packing: how many packets of a batch share one overlay datagram, and how they come apart again.
//
// Small packets (acknowledgements, voice, games) cost as much per QUIC datagram as large ones, so
// those that wait in one batch for the same peer travel together. Nothing waits for more: what the
// batch does not hold is not packed. Order stays, and nothing is copied here: a run is a count of
// leading packets, whose views the caller hands to QUIC behind one encoded header:
//
//     for (auto rest = batch; !rest.empty();) {
//         const std::size_t run = pack_run(rest, bytes_max, kPacketsHeader);
//         if (run == 0) { /* rest[0] is too large: cut it, or answer it */ }
//         …send header and rest.first(run) as one datagram…
//         rest = rest.subspan(std::max<std::size_t>(run, 1));
//     }
//
// Packets larger than half a datagram go alone: a loss then costs one of them, and the 40 bytes
// that might have been added save little. All packets of a run must belong on the same path; the
// caller cuts the batch where the peer or the path changes.
#pragma once

#include <cstddef>
#include <span>

#include "quicether/base/bytes.h"
#include "quicether/net/packet.h"
#include "quicether/overlay/datagram.h"

namespace qe::overlay {

/// Packets in one datagram at most, so that the views of a run fit a small array.
inline constexpr std::size_t kPackedPacketsMax = 32;

/// How many leading packets share the next datagram; 0 when the first does not fit even alone, or
/// when there is none. `datagram_bytes_max` counts the header, whose size is `header_bytes`.
[[nodiscard]] std::size_t pack_run(std::span<const base::ByteView> packets,
                                   std::size_t datagram_bytes_max,
                                   std::size_t header_bytes = kPacketsHeader) noexcept;

/// What became of the payload of a Packets datagram.
struct Unpacked {
    std::size_t packets = 0;        ///< Handed to the visitor.
    std::size_t dropped_bytes = 0;  ///< Behind the last whole packet; count it when not 0.
};

/// Calls `visit(base::ByteView packet)` for each packet that lies back to back in `payload`. The
/// first one whose length cannot be told or exceeds the rest ends the walk: what follows has no
/// known beginning. A packet's view has the length its header announces; nothing else is checked.
template <typename Visitor>
Unpacked for_each_packet(base::ByteView payload, Visitor&& visit) {
    Unpacked result;
    while (!payload.empty()) {
        const auto size = net::packet_size(payload);
        if (!size) {
            result.dropped_bytes = payload.size();
            break;
        }
        visit(payload.first(*size));
        ++result.packets;
        payload = payload.subspan(*size);
    }
    return result;
}

}  // namespace qe::overlay
