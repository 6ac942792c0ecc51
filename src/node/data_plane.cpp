// SPDX-License-Identifier: Apache-2.0
#include "node/data_plane.h"

#include <algorithm>

#include "quicether/overlay/datagram.h"
#include "quicether/overlay/packer.h"

namespace qe::node {
namespace {

constexpr std::size_t kToTunMax = 4096;
/// PLPMTUD has found most of the path's size by then; before that an MSS would be clamped too low.
constexpr base::Duration kMtuSettles = base::seconds(3);
constexpr std::uint8_t kTcp = 6;

bool unicast(const net::IpAddress& address) {
    static constexpr net::IpAddress kBroadcast = net::IpAddress::v4(0xffffffff);
    return !address.is_multicast() && !address.is_any() && address != kBroadcast;
}

std::optional<net::IpAddress> own_address(const NodeState& state, net::Family family) {
    for (const net::Prefix& prefix : state.own.overlay) {
        if (prefix.family() == family) {
            return prefix.address();
        }
    }
    return std::nullopt;
}

}  // namespace

DataPlane::DataPlane(NodeState& state) : state_(state) {}

void DataPlane::clear_tun_packets() noexcept {
    to_tun_.clear();
    arena_.clear();
}

// --- From the TUN device -----------------------------------------------------------------------

void DataPlane::handle_tun(base::Instant now, std::span<const base::MutableBytes> packets) {
    counters_.tun_packets += packets.size();
    for (const base::MutableBytes packet : packets) {
        route_from_tun(now, packet);
    }
    flush(now);
}

void DataPlane::route_from_tun(base::Instant now, base::MutableBytes packet) {
    const auto facts = net::parse_packet(packet);
    if (!facts) {
        ++counters_.tun_malformed;
        return;
    }
    if (!unicast(facts->destination)) {
        ++counters_.tun_multicast;
        return;
    }
    const RouteDecision route = state_.routes.lookup(facts->destination);
    if (route.destination != Destination::Peer) {
        ++counters_.no_route;
        answer(now, net::IcmpError::NoRoute, packet, {}, 0);
        return;
    }
    const Peer& peer = *state_.peers.get(route.peer);
    if (!peer.connected()) {
        ++counters_.peer_not_connected;
        answer(now, net::IcmpError::HostUnreachable, packet, {}, 0);
        return;
    }
    if (facts->protocol == kTcp) {
        clamp_mss(peer, now, packet);
    }
    queue_for(now, route.peer, packet);
}

void DataPlane::clamp_mss(const Peer& peer, base::Instant now, base::MutableBytes packet) const {
    const Link* link = peer.session->active_link();
    const std::size_t limit = state_.endpoint->datagram_bytes_max(link->connection);
    if (limit > overlay::kPacketsHeader && now - link->established_at > kMtuSettles) {
        net::clamp_tcp_mss(packet, limit - overlay::kPacketsHeader);
    }
}

// --- Towards a peer ----------------------------------------------------------------------------

void DataPlane::queue_for(base::Instant now, PeerHandle peer, base::ByteView packet) {
    if (run_.peer != peer) {
        flush(now);
        run_.peer = peer;
    }
    run_.packets.push_back(packet);
}

void DataPlane::flush(base::Instant now) {
    Peer* peer = state_.peers.get(run_.peer);
    std::span<const base::ByteView> rest(run_.packets);
    if (peer == nullptr || !peer->session) {
        rest = {};
    }
    while (!rest.empty()) {
        const std::size_t limit = state_.endpoint->datagram_bytes_max(peer->session->active);
        if (limit <= overlay::kFragmentHeader) {
            counters_.peer_not_connected += rest.size();
            break;
        }
        const std::size_t count = overlay::pack_run(rest, limit);
        if (count == 0) {
            send_oversize(now, *peer, rest.front(), limit);
            rest = rest.subspan(1);
            continue;
        }
        const overlay::EncodedHeader header = overlay::encode_datagram_header({});
        std::array<base::ByteView, 1 + overlay::kPackedPacketsMax> parts;
        parts[0] = header.view();
        std::copy_n(rest.begin(), count, parts.begin() + 1);
        if (send_datagram(*peer, std::span(parts).first(1 + count))) {
            for (const base::ByteView packet : rest.first(count)) {
                peer->sent.add(packet.size());
            }
        } else {
            counters_.queue_full += count;
        }
        rest = rest.subspan(count);
    }
    run_.packets.clear();
}

bool DataPlane::send_datagram(Peer& peer, std::span<const base::ByteView> parts) {
    return state_.endpoint->send_datagram(peer.session->active, parts).has_value();
}

void DataPlane::send_alone(Peer& peer, base::ByteView packet) {
    const std::size_t limit = state_.endpoint->datagram_bytes_max(peer.session->active);
    if (packet.size() + overlay::kPacketsHeader > limit) {
        send_fragments(peer, packet, limit);
        return;
    }
    const overlay::EncodedHeader header = overlay::encode_datagram_header({});
    const std::array<base::ByteView, 2> parts = {header.view(), packet};
    counters_.queue_full += send_datagram(peer, parts) ? 0U : 1U;
}

void DataPlane::send_oversize(base::Instant now, Peer& peer, base::ByteView packet,
                              std::size_t limit) {
    const auto facts = net::parse_packet(packet);
    const std::size_t mtu = limit - overlay::kPacketsHeader;
    // RFC 8200 lets nobody refuse 1280 bytes of IPv6; an IPv4 sender without DF expects no answer.
    const bool may_refuse =
        facts && facts->dont_fragment && (facts->source.is_v4() || mtu >= net::kIpv6MinimumMtu);
    if (state_.config.network.oversize == config::OversizePolicy::PacketTooBig && may_refuse) {
        ++counters_.too_big_refused;
        const RouteDecision back = state_.routes.lookup(facts->source);
        answer(now, net::IcmpError::PacketTooBig, packet,
               back.destination == Destination::Peer ? back.peer : PeerHandle{}, mtu);
        return;
    }
    send_fragments(peer, packet, limit);
}

void DataPlane::send_fragments(Peer& peer, base::ByteView packet, std::size_t limit) {
    const auto plan = peer.session->fragmenter.cut(packet, limit);
    if (!plan) {
        ++counters_.tun_malformed;
        return;
    }
    for (std::size_t i = 0; i < plan->count(); ++i) {
        const overlay::FragmentPlan::Piece piece = plan->piece(i);
        const overlay::EncodedHeader header = overlay::encode_datagram_header(piece.header);
        const std::array<base::ByteView, 2> parts = {header.view(), piece.payload};
        if (!send_datagram(peer, parts)) {
            ++counters_.queue_full;
            return;  // the rest of the packet would be of no use
        }
        ++counters_.fragments_sent;
    }
    peer.sent.add(packet.size());
}

// --- From a peer -------------------------------------------------------------------------------

void DataPlane::handle_datagram(base::Instant now, PeerHandle from,
                                const quic::ReceivedDatagram& datagram) {
    ++counters_.peer_datagrams;
    Peer* peer = state_.peers.get(from);
    if (peer == nullptr || !peer->session) {
        return;
    }
    if (datagram.early) {
        ++counters_.peer_early_refused;
        return;
    }
    const auto parsed = overlay::parse_datagram(datagram.bytes);
    if (!parsed) {
        ++counters_.peer_malformed;
        return;
    }
    if (parsed->header.type == overlay::DatagramType::Packets) {
        handle_packets(now, from, *peer, parsed->payload);
        return;
    }
    const auto whole =
        peer->session->reassembler.handle_fragment(now, parsed->header.fragment, parsed->payload);
    if (!whole) {
        ++counters_.peer_malformed;
        return;
    }
    state_.look_at(from, peer->session->reassembler.next_deadline());
    if (*whole) {
        // The reassembler reuses its buffer: the TUN batch needs a copy of its own.
        const base::MutableBytes copy = arena_.copy(**whole);
        if (copy.empty()) {
            ++counters_.tun_batch_full;
            return;
        }
        handle_packets(now, from, *peer, copy);
    }
}

void DataPlane::handle_packets(base::Instant now, PeerHandle from, Peer& peer,
                               base::ByteView payload) {
    const overlay::Unpacked unpacked = overlay::for_each_packet(
        payload, [&](base::ByteView packet) { handle_packet(now, from, peer, packet); });
    counters_.peer_malformed += unpacked.dropped_bytes > 0 ? 1U : 0U;
    flush(now);
}

void DataPlane::handle_packet(base::Instant now, PeerHandle from, Peer& peer,
                              base::ByteView packet) {
    const auto facts = net::parse_packet(packet);
    if (!facts) {
        ++counters_.peer_malformed;
        return;
    }
    peer.received.add(packet.size());
    if (!unicast(facts->source) || !unicast(facts->destination) ||
        !state_.routes.may_send_from(from, facts->source)) {
        ++counters_.source_refused;
        return;
    }
    const RouteDecision route = state_.routes.lookup(facts->destination);
    switch (route.destination) {
        case Destination::Local:
            deliver(packet);
            return;
        case Destination::Peer:
            forward(now, from, route.peer, packet);
            return;
        case Destination::Nowhere:
            ++counters_.no_route;
            answer(now, net::IcmpError::NoRoute, packet, from, 0);
            return;
    }
}

void DataPlane::deliver(base::ByteView packet) {
    if (to_tun_.size() >= kToTunMax) {
        ++counters_.tun_batch_full;
        return;
    }
    to_tun_.push_back(packet);
    ++counters_.delivered;
}

void DataPlane::forward(base::Instant now, PeerHandle from, PeerHandle to, base::ByteView packet) {
    const Peer& next = *state_.peers.get(to);
    if (to == from || state_.config.node.role != config::NodeRole::Gateway) {
        ++counters_.forward_refused;
        answer(now, net::IcmpError::Prohibited, packet, from, 0);
        return;
    }
    if (!next.connected()) {
        ++counters_.peer_not_connected;
        answer(now, net::IcmpError::HostUnreachable, packet, from, 0);
        return;
    }
    const base::MutableBytes copy = arena_.copy(packet);
    if (copy.empty()) {
        ++counters_.tun_batch_full;
        return;
    }
    if (!net::decrement_hop_limit(copy)) {
        ++counters_.hop_limit_exceeded;
        answer(now, net::IcmpError::HopLimitExceeded, packet, from, 0);
        return;
    }
    ++counters_.forwarded;
    queue_for(now, to, copy);
}

void DataPlane::answer(base::Instant now, net::IcmpError error, base::ByteView offender,
                       PeerHandle back_to, std::size_t mtu_bytes) {
    const auto facts = net::parse_packet(offender);
    const auto source = facts ? own_address(state_, facts->family()) : std::nullopt;
    if (!source || !icmp_budget_.take(now)) {
        return;
    }
    const base::MutableBytes room = arena_.allocate(net::kIcmpErrorBytesMax);
    if (room.empty()) {
        return;
    }
    const auto size = net::write_icmp_error(error, offender, *source, mtu_bytes, room);
    if (!size) {
        return;
    }
    ++counters_.icmp_errors_sent;
    Peer* peer = state_.peers.get(back_to);
    if (back_to.is_null()) {
        deliver(room.first(*size));
    } else if (peer != nullptr && peer->connected()) {
        send_alone(*peer, room.first(*size));
    }
}

}  // namespace qe::node
