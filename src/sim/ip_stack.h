// SPDX-License-Identifier: Apache-2.0
//
// What a kernel's IP stack does on both sides of a TUN device, as far as a simulated host needs it:
// it cuts super-packets, finds out whose a packet is, and answers pings.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>

#include "quicether/base/bytes.h"
#include "quicether/net/offload.h"

namespace qe::sim {

/// Names an IP flow's end for the traffic of a host: protocol number and local port (ICMP: the
/// identifier).
struct FlowKey {
    std::uint8_t protocol = 0;
    std::uint16_t port = 0;
    friend auto operator<=>(const FlowKey&, const FlowKey&) = default;
};

/// Whose a packet is at its destination. Nothing for fragments, ICMP messages other than echo
/// replies, protocols without ports, and what is no IP packet.
[[nodiscard]] std::optional<FlowKey> flow_of(base::ByteView packet);

/// The answer to an echo request (RFC 792, RFC 4443 section 4.2), with right checksums; nothing for
/// any other packet.
[[nodiscard]] std::optional<base::Bytes> make_echo_reply(base::ByteView packet);

/// Calls `take` for each packet that a super-packet stands for, with complete checksums; for a
/// packet without offload once, as it is. What contradicts its own headers is dropped: false.
bool cut_packet(base::ByteView packet, const net::Offload& offload,
                const std::function<void(base::ByteView)>& take);

}  // namespace qe::sim
