// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/integrity.h"

#include <fmt/format.h>

namespace qe::sim {

std::string describe_packet(base::ByteView packet) {
    const auto facts = net::parse_packet(packet);
    if (!facts) {
        return fmt::format("{} bytes that are no IP packet", packet.size());
    }
    return fmt::format("{} bytes of protocol {} from {} to {}", packet.size(), facts->protocol,
                       facts->source.to_string(), facts->destination.to_string());
}

void Integrity::on_tun_read(HostId host, base::ByteView packet) {
    ledger_.add(now(), host, packet);
}

void Integrity::on_host(HostId /*host*/, HostChange /*change*/) {
    bool asleep = false;
    for (HostId id = 0; id < world().host_count(); ++id) {
        asleep = asleep || world().host(id).suspended();
    }
    ledger_.set_hold(now(), asleep);
}

void Integrity::on_tun_written(HostId host, base::ByteView packet) {
    last_ = ledger_.judge(now(), packet);
    switch (last_.kind) {
        case PacketKind::Sent:
        case PacketKind::Recut:
        case PacketKind::Error:
        case PacketKind::Unjudged:
            return;
        case PacketKind::Repeated:
            object(fmt::format("{} was given {} more often than {} had sent it", name_of(host),
                               describe_packet(packet), name_of(last_.from)));
            return;
        case PacketKind::Altered:
        case PacketKind::Unknown:
            object(fmt::format("{} was given {} that no TUN device had brought: {}", name_of(host),
                               describe_packet(packet), last_.why));
            return;
    }
}

}  // namespace qe::sim
