// SPDX-License-Identifier: Apache-2.0
#include "sim/traffic/udp_flow.h"

#include <algorithm>

#include "sim/traffic/ip_packet.h"
#include "sim/traffic/pattern.h"

namespace qe::sim {
namespace {

constexpr std::size_t kUdpHeader = 8;
constexpr std::size_t kNumber = 8;

}  // namespace

void UdpFlow::begin() {
    receiver().listen({net::kProtocolUdp, options().port},
                      [this](base::ByteView packet) { handle(packet); });
    send();
}

void UdpFlow::send() {
    if (over()) {
        return;
    }
    scheduler().after(options().interval, [this] { send(); });
    if (sender().suspended()) {
        return;
    }
    const std::size_t header = ip_header_bytes(options().family);
    const std::size_t size_min = header + kUdpHeader + kNumber;
    base::Bytes segment(std::max(options().packet_bytes, size_min) - header);
    const std::uint64_t number = record_.probes.size();
    base::ByteWriter out(segment);
    out.u16(options().port);
    out.u16(options().port);
    out.u16(static_cast<std::uint16_t>(segment.size()));
    out.u16(0);
    out.u64(number);
    fill_pattern(base::MutableBytes(segment).subspan(out.size()), key() + number, 0);
    record_.probes.push_back({now()});
    base::Bytes packet = make_ip_packet({source(), destination(), net::kProtocolUdp}, segment);
    sender().send_ip(packet);
}

void UdpFlow::handle(base::ByteView packet) {
    const auto opened = open_ip_packet(packet);
    if (!opened || opened->segment.size() < kUdpHeader + kNumber) {
        ++record_.altered;
        return;
    }
    base::ByteReader in(opened->segment.subspan(kUdpHeader));
    const std::uint64_t number = in.u64();
    if (number >= record_.probes.size() || !is_pattern(in.rest(), key() + number, 0)) {
        ++record_.altered;
        return;
    }
    Probe& probe = record_.probes[number];
    if (probe.delivered()) {
        ++record_.duplicates;
        return;
    }
    record_.reordered += number < next_expected_ ? 1 : 0;
    next_expected_ = std::max(next_expected_, number + 1);
    probe.arrived = now();
    record_.add_delivered(now(), opened->segment.size() - kUdpHeader);
}

}  // namespace qe::sim
