// SPDX-License-Identifier: Apache-2.0
#include "sim/traffic/ping_flow.h"

#include <algorithm>

#include "sim/traffic/ip_packet.h"
#include "sim/traffic/pattern.h"

namespace qe::sim {
namespace {

constexpr std::size_t kIcmpHeader = 8;
constexpr std::uint64_t kNumbers = 1U << 16;

struct EchoTypes {
    std::uint8_t protocol;
    std::uint8_t request;
    std::uint8_t reply;
};
EchoTypes types_of(net::Family family) {
    return family == net::Family::V4 ? EchoTypes{kProtocolIcmp, 8, 0}
                                     : EchoTypes{kProtocolIcmp6, 128, 129};
}

}  // namespace

void PingFlow::begin() {
    const FlowKey flow{types_of(options().family).protocol, options().port};
    sender().listen(flow, [this](base::ByteView packet) { handle_reply(packet); });
    send();
}

void PingFlow::send() {
    if (over()) {
        return;
    }
    scheduler().after(options().interval, [this] { send(); });
    if (sender().suspended()) {
        return;
    }
    const EchoTypes types = types_of(options().family);
    const std::size_t header = ip_header_bytes(options().family);
    const std::uint64_t number = record_.probes.size();
    base::Bytes segment(std::max(options().packet_bytes, header + kIcmpHeader) - header);
    base::ByteWriter out(segment);
    out.u8(types.request);
    out.u8(0);
    out.u16(0);
    out.u16(options().port);
    out.u16(static_cast<std::uint16_t>(number));
    fill_pattern(base::MutableBytes(segment).subspan(kIcmpHeader), key() + number, 0);
    record_.probes.push_back({now()});
    base::Bytes packet = make_ip_packet({source(), destination(), types.protocol}, segment);
    sender().send_ip(packet);
}

void PingFlow::handle_reply(base::ByteView packet) {
    const auto opened = open_ip_packet(packet);
    if (!opened) {
        ++record_.altered;
        return;
    }
    base::ByteReader in(opened->segment);
    const std::uint8_t type = in.u8();
    in.take(5);
    const std::uint16_t low = in.u16();
    if (!in.ok() || type != types_of(options().family).reply || record_.probes.empty()) {
        return;
    }
    const std::uint64_t last = record_.probes.size() - 1;
    const std::uint64_t back = (last - low) % kNumbers;
    if (back > last) {
        ++record_.altered;
        return;
    }
    Probe& probe = record_.probes[last - back];
    if (!is_pattern(in.rest(), key() + last - back, 0)) {
        ++record_.altered;
    } else if (probe.delivered()) {
        ++record_.duplicates;
    } else {
        probe.arrived = now();
        record_.add_delivered(now(), packet.size());
    }
}

}  // namespace qe::sim
