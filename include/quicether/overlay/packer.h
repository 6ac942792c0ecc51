// SPDX-License-Identifier: Apache-2.0
//
// Packing: small packets share one overlay datagram, and come apart again.
//
// Small packets (acknowledgements, voice, games) cost as much per QUIC datagram as large ones, so
// those that are ready to leave for the same peer at the same time travel together. Nothing waits
// for more: what is not there is not packed. Order stays. Packets larger than half a datagram go
// alone: a loss then costs one of them, and the 40 bytes that might have been added save little.
//
//     for each packet that may leave now:
//         if (!packer.add(header, payload, partial)) {
//             send(packer.take()); if (!packer.add(…)) → it is too large to be packed: send it
//             alone
//         }
//     send(packer.take())
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/net/packet.h"
#include "quicether/overlay/datagram.h"

namespace qe::overlay {

class Packer {
  public:
    /// What a datagram may hold from now on, header included. Only while nothing is packed.
    void set_datagram_bytes_max(std::size_t bytes_max);

    /// Appends the packet `header` + `payload` (copied). False, nothing changed: it is larger than
    /// half a datagram, finds no room, or differs from the others in `checksum_partial`.
    bool add(base::ByteView header, base::ByteView payload, bool checksum_partial);
    [[nodiscard]] bool empty() const noexcept { return packets_ == 0; }
    [[nodiscard]] std::size_t packets() const noexcept { return packets_; }
    /// IP bytes packed so far.
    [[nodiscard]] std::size_t bytes() const noexcept { return used_ - kPacketsHeader; }
    /// The datagram with its header, valid until the next add(); the packer is empty again.
    /// Precondition: not empty.
    [[nodiscard]] base::ByteView take() noexcept;

  private:
    std::vector<std::byte> datagram_;
    std::size_t bytes_max_ = 0;
    std::size_t used_ = kPacketsHeader;
    std::size_t packets_ = 0;
    bool checksum_partial_ = false;
};

/// What became of the payload of a Packets datagram.
struct Unpacked {
    std::size_t packets = 0;        ///< Handed to the visitor.
    std::size_t dropped_bytes = 0;  ///< Behind the last whole packet; count it when not 0.
};

/// Calls `visit(base::MutableBytes packet)` for each packet that lies back to back in `payload`.
/// The first one whose length cannot be told or exceeds the rest ends the walk: what follows has no
/// known beginning. A packet's view has the length its header announces; nothing else is checked.
template <typename Visitor>
Unpacked for_each_packet(base::MutableBytes payload, Visitor&& visit) {
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
