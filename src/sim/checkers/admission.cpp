// SPDX-License-Identifier: Apache-2.0
#include "sim/checkers/admission.h"

#include <fmt/format.h>

namespace qe::sim {

void Admission::on_host(HostId /*host*/, HostChange /*change*/) { rights_.refresh(); }

void Admission::on_action(std::string_view /*what*/) { rights_.refresh(); }

bool Admission::allowed(HostId from, HostId to, const net::PacketFacts& facts) {
    return rights_.forwards(from, to, facts.source, facts.destination).has_value();
}

void Admission::on_tun_written(HostId host, base::ByteView packet) {
    const auto facts = net::parse_packet(packet);
    if (!facts || full()) {
        return;
    }
    switch (integrity_.last().kind) {
        case PacketKind::Error:
            judge_error(host, packet, *facts);
            return;
        case PacketKind::Sent:
        case PacketKind::Repeated:
        case PacketKind::Recut:
            judge_sent(host, packet, *facts);
            return;
        case PacketKind::Altered:
        case PacketKind::Unknown:
        case PacketKind::Unjudged:
            return;
    }
}

void Admission::judge_sent(HostId host, base::ByteView packet, const net::PacketFacts& facts) {
    const HostId from = integrity_.last().from;
    if (!allowed(from, host, facts)) {
        object(
            fmt::format("{} was given {}, which {} had sent: neither its identity nor a route "
                        "allows that",
                        name_of(host), describe_packet(packet), name_of(from)));
    }
}

/// An error comes from a node on the way, or from the host's own node about what it sent itself.
void Admission::judge_error(HostId host, base::ByteView packet, const net::PacketFacts& facts) {
    const auto author = rights_.owner(facts.source);
    const bool own = author == host && integrity_.last().from == host;
    if (!author || (!own && !allowed(*author, host, facts))) {
        object(fmt::format("{} was given an ICMP error, {}, whose source may not send it that",
                           name_of(host), describe_packet(packet)));
    }
}

}  // namespace qe::sim
