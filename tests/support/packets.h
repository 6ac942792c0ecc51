// SPDX-License-Identifier: Apache-2.0
//
// IP packets for tests: valid headers around a recognisable payload.
#pragma once

#include <cstdint>

#include "quicether/base/bytes.h"
#include "quicether/net/ip_address.h"

namespace qe::testing {

struct PacketShape {
    net::IpAddress source;
    net::IpAddress destination;  ///< Of the same family.
    std::size_t size = 100;      ///< Bytes of the whole packet, headers included.
    std::uint8_t hop_limit = 64;
    bool dont_fragment = true;
    std::uint8_t fill = 0x5a;  ///< Payload bytes count up from here.
};

/// A UDP packet (ports 1111 → 2222) with right lengths and IPv4 header checksum; UDP checksum 0.
[[nodiscard]] base::Bytes make_udp_packet(const PacketShape& shape);

}  // namespace qe::testing
