// SPDX-License-Identifier: Apache-2.0
//
// What we tell ngtcp2 and the peer about ourselves: settings, transport parameters, MTU probes.
//
// Pure functions of the endpoint's options. The numbers we chose, as opposed to those that RFCs
// fix, are the constants below; docs/protocol/quic.md explains them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <ngtcp2/ngtcp2.h>

#include "quicether/base/rng.h"
#include "quicether/base/time.h"
#include "quicether/net/ip_address.h"
#include "quicether/quic/types.h"

namespace qe::quic {

/// Packets an ACK waits for (RFC 9000, 13.2.2). All that has arrived is read before anything is
/// written, so 1 means one ACK a round of input, however many packets it brought. A lone packet is
/// acknowledged at once: waiting would cost a timer and a wake. Higher values also starve a sender
/// whose window is a few packets, as BBR's is on a path of microseconds (measured: 100 instead of
/// 1,000 Mbit/s with a value of 10).
inline constexpr std::size_t kAckThreshold = 1;
inline constexpr base::milliseconds kMaxAckDelay{10};
inline constexpr std::size_t kActiveConnectionIds = 4;
inline constexpr std::size_t kMaxDatagramFrameSize = 65535;
/// The connection's receive window, in stream windows.
inline constexpr std::size_t kConnectionWindows = 4;

/// UDP payload sizes to try, in order: one that nearly always passes, then the whole link, then the
/// usual tunnels in between by halves (RFC 8899, 5.3). All above 1200; empty when 1200 is the
/// limit.
[[nodiscard]] std::vector<std::uint16_t> mtu_probes(net::Family family,
                                                    std::size_t udp_payload_bytes_max);
/// Largest UDP payload we ever send to this family: options count for IPv4, an IPv6 header is 20
/// bytes longer.
[[nodiscard]] std::size_t udp_payload_limit(net::Family family,
                                            std::size_t udp_payload_bytes_max) noexcept;

/// `values` points into `probes`; ngtcp2 copies both when a connection is made.
struct Settings {
    std::vector<std::uint16_t> probes;
    ngtcp2_settings values{};
};
/// Everything but the address token. `rng` must outlive the connection.
[[nodiscard]] Settings make_settings(const EndpointOptions& options, net::Family family,
                                     base::Instant now, base::Rng& rng);
[[nodiscard]] ngtcp2_transport_params make_transport_parameters(
    const EndpointOptions& options) noexcept;
/// Equal for equal promises to the peer: 0-RTT is only taken under the promises of before.
[[nodiscard]] std::uint64_t parameters_tag(const EndpointOptions& options) noexcept;

/// Payload of one DATAGRAM frame that fills a 1-RTT packet of `udp_payload` bytes (RFC 9000, 17.3;
/// RFC 9221, 4), at the longest packet number. Zero when there is no room.
[[nodiscard]] std::size_t datagram_payload(std::size_t udp_payload,
                                           std::size_t destination_id_size) noexcept;
/// The same for a 0-RTT packet, whose header is longer (RFC 9000, 17.2.3).
[[nodiscard]] std::size_t early_datagram_payload(std::size_t udp_payload,
                                                 std::size_t destination_id_size) noexcept;

}  // namespace qe::quic
