// SPDX-License-Identifier: Apache-2.0
#include "quic/transport.h"

#include <algorithm>
#include <array>

#include "quic/stream_table.h"

namespace qe::quic {
namespace {

constexpr std::size_t kUdpHeader = 8;
constexpr std::size_t kIpv4Header = 20;
constexpr std::size_t kIpv6Header = 40;

constexpr std::array<std::size_t, 11> kLinkMtus = {1280, 1500, 9000, 4096, 1400, 1460,
                                                   1492, 1480, 1440, 1420, 1340};

constexpr std::size_t kAeadTag = 16;
constexpr std::size_t kPacketNumberMax = 4;
constexpr std::size_t kShortHeaderFlags = 1;
/// ngtcp2 always reserves four bytes for the Length field of a long header.
constexpr std::size_t kLongHeaderLength = 4;

constexpr std::size_t varint_size(std::size_t value) noexcept {
    if (value < 64) {
        return 1;
    }
    return value < 16384 ? 2 : 4;
}

/// DATAGRAM with length: type, length, data.
constexpr std::size_t datagram_in(std::size_t room) noexcept {
    for (const std::size_t length_size : {1U, 2U, 4U}) {
        if (room <= 1 + length_size) {
            return 0;
        }
        const std::size_t data = room - 1 - length_size;
        if (varint_size(data) <= length_size) {
            return data;
        }
    }
    return 0;
}

constexpr std::size_t minus(std::size_t a, std::size_t b) noexcept { return a > b ? a - b : 0; }

constexpr ngtcp2_duration to_ngtcp2(base::Duration duration) noexcept {
    return static_cast<ngtcp2_duration>(std::max<std::int64_t>(duration.count(), 0));
}

}  // namespace

std::size_t udp_payload_limit(net::Family family, std::size_t udp_payload_bytes_max) noexcept {
    const std::size_t extra = family == net::Family::V6 ? kIpv6Header - kIpv4Header : 0;
    return std::clamp<std::size_t>(minus(udp_payload_bytes_max, extra), NGTCP2_MAX_UDP_PAYLOAD_SIZE,
                                   NGTCP2_MAX_TX_UDP_PAYLOAD_SIZE);
}

std::vector<std::uint16_t> mtu_probes(net::Family family, std::size_t udp_payload_bytes_max) {
    const std::size_t limit = udp_payload_limit(family, udp_payload_bytes_max);
    const std::size_t headers =
        kUdpHeader + (family == net::Family::V6 ? kIpv6Header : kIpv4Header);
    std::vector<std::uint16_t> probes;
    bool whole = false;
    for (const std::size_t mtu : kLinkMtus) {
        const std::size_t payload = mtu - headers;
        if (payload >= limit && !whole) {
            probes.push_back(static_cast<std::uint16_t>(limit));
            whole = true;
        } else if (payload > NGTCP2_MAX_UDP_PAYLOAD_SIZE && payload < limit) {
            probes.push_back(static_cast<std::uint16_t>(payload));
        }
    }
    if (!whole) {
        probes.push_back(static_cast<std::uint16_t>(limit));
    }
    std::erase_if(probes, [](std::uint16_t p) { return p <= NGTCP2_MAX_UDP_PAYLOAD_SIZE; });
    return probes;
}

Settings make_settings(const EndpointOptions& options, net::Family family, base::Instant now,
                       base::Rng& rng) {
    Settings settings{.probes = mtu_probes(family, options.udp_payload_bytes_max)};
    ngtcp2_settings& values = settings.values;
    ngtcp2_settings_default(&values);
    values.cc_algo = options.congestion_control == CongestionControl::Bbr ? NGTCP2_CC_ALGO_BBR
                                                                          : NGTCP2_CC_ALGO_CUBIC;
    values.initial_ts = now.nanoseconds();
    values.rand_ctx.native_handle = &rng;
    values.ack_thresh = kAckThreshold;
    values.handshake_timeout = to_ngtcp2(options.handshake_timeout);
    values.max_tx_udp_payload_size = udp_payload_limit(family, options.udp_payload_bytes_max);
    values.pmtud_probes = settings.probes.data();
    values.pmtud_probeslen = settings.probes.size();
    values.no_pmtud = settings.probes.empty() ? 1 : 0;
    return settings;
}

ngtcp2_transport_params make_transport_parameters(const EndpointOptions& options) noexcept {
    ngtcp2_transport_params parameters{};
    ngtcp2_transport_params_default(&parameters);
    parameters.initial_max_stream_data_bidi_local = options.stream_window_bytes;
    parameters.initial_max_stream_data_bidi_remote = options.stream_window_bytes;
    parameters.initial_max_data = options.stream_window_bytes * kConnectionWindows;
    parameters.initial_max_streams_bidi = StreamTable::kStreamsMax;
    parameters.max_idle_timeout = to_ngtcp2(options.idle_timeout);
    parameters.active_connection_id_limit = kActiveConnectionIds;
    parameters.max_ack_delay = to_ngtcp2(kMaxAckDelay);
    parameters.max_datagram_frame_size = kMaxDatagramFrameSize;
    return parameters;
}

std::uint64_t parameters_tag(const EndpointOptions& options) noexcept {
    // Windows are the only promises that options change; the constant stands for all others.
    constexpr std::uint64_t kGeneration = 1;
    return (kGeneration << 56) ^ options.stream_window_bytes;
}

std::size_t datagram_payload(std::size_t udp_payload, std::size_t destination_id_size) noexcept {
    return datagram_in(
        minus(udp_payload, kShortHeaderFlags + destination_id_size + kPacketNumberMax + kAeadTag));
}

std::size_t early_datagram_payload(std::size_t udp_payload,
                                   std::size_t destination_id_size) noexcept {
    constexpr std::size_t kFixed =
        1 + 4 + 1 + 1 + kConnectionIdSize + kLongHeaderLength + kPacketNumberMax + kAeadTag;
    return datagram_in(minus(udp_payload, kFixed + destination_id_size));
}

}  // namespace qe::quic
