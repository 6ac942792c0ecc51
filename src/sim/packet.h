// SPDX-License-Identifier: Apache-2.0
//
// A UDP datagram on its way through the simulated underlay, and what takes one.
//
// Every device of the underlay (a pipe, a router, a NAT box, a host's interface) is a Receiver that
// hands packets on to other Receivers. Super-packets do not exist here: a host cuts what its node
// sends into datagrams before its interface, as a network card does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "quicether/base/bytes.h"
#include "quicether/net/datagram.h"
#include "quicether/net/ip_address.h"

namespace qe::sim {

/// Hosts of a world are numbered in the order in which they were added.
using HostId = std::uint32_t;

struct Packet {
    net::SocketAddress source;       ///< As it is now: NAT boxes change it.
    net::SocketAddress destination;  ///< Likewise.
    net::Ecn ecn = net::Ecn::NotEct;
    std::uint8_t hop_limit = 64;
    bool corrupted = false;  ///< Some bit was flipped on the way, in a way the checksum missed.
    HostId origin = 0;       ///< Who sent it, which no device of the underlay may look at.
    std::optional<HostId> author;  ///< Whose node wrote the payload, whoever sends it again.
    std::uint64_t number = 0;      ///< By order of sending, for the trace.
    base::Bytes payload;

    /// With the headers of UDP and IP, which links carry and MTUs count.
    [[nodiscard]] std::size_t wire_bytes() const noexcept {
        constexpr std::size_t kUdp = 8;
        return payload.size() + kUdp + (destination.ip.is_v4() ? 20 : 40);
    }
};

class Receiver {
  public:
    virtual ~Receiver() = default;
    virtual void receive(Packet packet) = 0;
};

}  // namespace qe::sim
