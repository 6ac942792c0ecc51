// SPDX-License-Identifier: Apache-2.0
#include "node/traffic/data_plane.h"

#include <algorithm>

#include "quicether/base/assert.h"
#include "quicether/overlay/datagram.h"
#include "quicether/overlay/packer.h"

namespace qe::node {
namespace {

/// PLPMTUD has found most of the path's size by then; before that an MSS would be clamped too low.
constexpr base::Duration kMtuSettles = base::seconds(3);

/// The next peer cuts what it gets by itself.
constexpr net::TunOffloads kPeerTakes{.checksum = true, .tcp = true, .udp = true};

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

/// Bytes of the largest packet that this one will be on the wire, where that is fixed.
std::size_t uncuttable_size(const net::TunPacket& packet) {
    if (packet.offload.segmentation == net::Segmentation::Udp) {
        constexpr std::size_t kUdpHeader = 8;
        return packet.offload.transport_offset + kUdpHeader + packet.offload.segment_bytes;
    }
    return packet.bytes.size();
}

}  // namespace

DataPlane::DataPlane(NodeState& state) : state_(state), out_(state) {
    tun_frames_.reserve(net::Coalescer::kPacketsMax);  // memory is taken when it is written to
}

std::span<const net::TunFrame> DataPlane::tun_frames() {
    tun_frames_.clear();
    for (const net::Coalescer::Frame& frame : tun_batch_.frames()) {
        tun_frames_.push_back(frame.frame);
    }
    return tun_frames_;
}

void DataPlane::clear_tun_frames() noexcept {
    tun_frames_.clear();
    tun_batch_.clear();
    QE_ASSERT(forward_batch_.empty());  // its packets lie in the memory that is given up here
    arena_.clear();
}

// --- From the TUN device -----------------------------------------------------------------------

void DataPlane::handle_tun(base::Instant now, const net::TunPacket& packet) {
    ++counters_.tun_packets;
    const auto facts = net::parse_packet(packet.bytes);
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
        answer(now, net::IcmpError::NoRoute, packet.bytes, {}, 0);
        return;
    }
    const Peer& peer = *state_.peers.get(route.peer);
    if (!takes_packets(now, route.peer, peer)) {
        ++counters_.peer_not_connected;
        answer(now, net::IcmpError::HostUnreachable, packet.bytes, {}, 0);
        return;
    }
    if (refused_as_too_big(now, peer, packet, *facts, {})) {
        return;
    }
    if (net::is_tcp_syn(packet.bytes, *facts)) {
        clamp_mss(peer, now, packet.bytes, packet.offload.checksum_partial);
    }
    out_.push(now, route.peer, packet.bytes, packet.offload, facts->flow_hash);
}

bool DataPlane::takes_packets(base::Instant now, PeerHandle handle, const Peer& peer) {
    if (peer.connected()) {
        return true;
    }
    state_.want(handle, now);
    return peer.is_coming();
}

bool DataPlane::refused_as_too_big(base::Instant now, const Peer& peer,
                                   const net::TunPacket& packet, const net::PacketFacts& facts,
                                   PeerHandle back_to) {
    if (state_.config.network.oversize != config::OversizePolicy::PacketTooBig ||
        !peer.connected()) {
        return false;
    }
    const bool cut_anywhere = packet.offload.checksum_partial &&
                              packet.offload.segmentation != net::Segmentation::Udp &&
                              facts.protocol == net::kProtocolTcp;
    const std::size_t limit = state_.endpoint->datagram_bytes_max(peer.session->active);
    const std::size_t mtu = limit - std::min(limit, overlay::kPacketsHeader);
    // RFC 8200 lets nobody refuse 1280 bytes of IPv6; an IPv4 sender without DF expects no answer.
    const bool may_refuse =
        facts.dont_fragment && (facts.source.is_v4() || mtu >= net::kIpv6MinimumMtu);
    if (cut_anywhere || !may_refuse || mtu == 0 || uncuttable_size(packet) <= mtu) {
        return false;
    }
    ++counters_.too_big_refused;
    answer(now, net::IcmpError::PacketTooBig, packet.bytes, back_to, mtu);
    return true;
}

void DataPlane::clamp_mss(const Peer& peer, base::Instant now, base::MutableBytes packet,
                          bool checksum_partial) const {
    if (!peer.connected()) {
        return;
    }
    const Link* link = peer.session->active_link();
    const std::size_t limit = state_.endpoint->datagram_bytes_max(link->connection);
    if (limit > overlay::kPacketsHeader && now - link->established_at > kMtuSettles) {
        net::clamp_tcp_mss(packet, limit - overlay::kPacketsHeader, checksum_partial);
    }
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
    if (parsed->header.sequence) {
        resequence(now, from, *peer, datagram.bytes, *parsed);
    } else {
        handle_parsed(now, from, *peer, *parsed);
    }
}

void DataPlane::resequence(base::Instant now, PeerHandle from, Peer& peer, base::ByteView bytes,
                           const overlay::ParsedDatagram& datagram) {
    const auto [lane, sequence] = multipath::decode_lane_sequence(*datagram.header.sequence);
    if (lane >= kBondLanes) {
        ++counters_.peer_malformed;
        return;
    }
    if (!peer.session->bond) {
        peer.session->bond = make_bond(state_.config);
    }
    multipath::Resequencer& resequencer = peer.session->bond->lanes[lane];
    if (resequencer.arrive(now, sequence, bytes) == multipath::Arrival::Deliver) {
        handle_parsed(now, from, peer, datagram);
    }
    release(now, from, peer, resequencer);
    state_.look_at(from, resequencer.next_deadline());
}

void DataPlane::release(base::Instant now, PeerHandle from, Peer& peer,
                        multipath::Resequencer& lane) {
    while (const auto bytes = lane.pop(now)) {
        // The resequencer reuses its buffer: the TUN batch needs a copy of its own.
        const base::MutableBytes copy = arena_.copy(*bytes);
        const auto parsed = overlay::parse_datagram(copy);
        if (!parsed) {
            ++counters_.batch_full;  // it had parsed when it came
            continue;
        }
        handle_parsed(now, from, peer, *parsed);
    }
}

base::Instant DataPlane::handle_deadline(base::Instant now, PeerHandle handle) {
    Peer* peer = state_.peers.get(handle);
    if (peer == nullptr || !peer->session || !peer->session->bond) {
        return base::Instant::never();
    }
    base::Instant next = base::Instant::never();
    for (multipath::Resequencer& lane : peer->session->bond->lanes) {
        release(now, handle, *peer, lane);
        next = std::min(next, lane.next_deadline());
    }
    finish_batch(now);  // what was released may be for another peer, and lies in the arena
    return next;
}

void DataPlane::handle_fate(PeerHandle handle, const quic::DatagramFate& fate) {
    Peer* peer = state_.peers.get(handle);
    if (peer == nullptr || !peer->session || !peer->session->bond) {
        return;
    }
    if (!fate.lost) {
        peer->session->bond->repair.handle_acknowledged(fate.token);
    } else if (const Link* link = peer->session->find(fate.connection)) {
        peer->session->bond->repair.handle_lost(fate.token, link->index);
        out_.wake(handle);
    }
}

void DataPlane::repair() {
    for (const PeerHandle peer : state_.to_repair) {
        if (state_.peers.get(peer) != nullptr) {
            out_.wake(peer);
        }
    }
    state_.to_repair.clear();
}

void DataPlane::handle_parsed(base::Instant now, PeerHandle from, Peer& peer,
                              const overlay::ParsedDatagram& datagram) {
    if (datagram.header.type == overlay::DatagramType::Packets) {
        handle_packets(now, from, peer, datagram.payload, datagram.header.checksum_partial);
        return;
    }
    const auto whole =
        peer.session->reassembler.handle_fragment(now, datagram.header.fragment, datagram.payload);
    if (!whole) {
        ++counters_.peer_malformed;
        return;
    }
    state_.look_at(from, peer.session->reassembler.next_deadline());
    if (*whole) {
        // The reassembler reuses its buffer: the TUN batch needs a copy of its own.
        const base::MutableBytes copy = arena_.copy(**whole);
        if (copy.empty()) {
            ++counters_.batch_full;
            return;
        }
        handle_packets(now, from, peer, copy, false);
    }
}

void DataPlane::handle_packets(base::Instant now, PeerHandle from, Peer& peer,
                               base::MutableBytes payload, bool checksum_partial) {
    const overlay::Unpacked unpacked =
        overlay::for_each_packet(payload, [&](base::MutableBytes packet) {
            handle_packet(now, from, peer, packet, checksum_partial);
        });
    counters_.peer_malformed += unpacked.dropped_bytes > 0 ? 1U : 0U;
}

void DataPlane::handle_packet(base::Instant now, PeerHandle from, Peer& peer,
                              base::MutableBytes packet, bool checksum_partial) {
    const auto facts = net::parse_packet(packet);
    if (!facts) {
        ++counters_.peer_malformed;
        return;
    }
    peer.received.add(packet.size());
    const bool decided = verdict_.from == from && verdict_.source == facts->source &&
                         verdict_.destination == facts->destination &&
                         verdict_.routes_generation == state_.routes.generation();
    if (!decided && !decide(now, from, packet, *facts)) {
        return;
    }
    if (verdict_.next.is_null()) {
        deliver(packet, *facts, checksum_partial);
    } else {
        forward(now, from, packet, *facts, checksum_partial);
    }
}

bool DataPlane::decide(base::Instant now, PeerHandle from, base::ByteView packet,
                       const net::PacketFacts& facts) {
    if (!unicast(facts.source) || !unicast(facts.destination) ||
        !state_.routes.may_send_from(from, facts.source)) {
        ++counters_.source_refused;
        return false;
    }
    const RouteDecision route = state_.routes.lookup(facts.destination);
    if (route.destination == Destination::Nowhere) {
        ++counters_.no_route;
        answer(now, net::IcmpError::NoRoute, packet, from, 0);
        return false;
    }
    const bool onwards = route.destination == Destination::Peer;
    if (onwards && (route.peer == from || state_.config.node.role != config::NodeRole::Gateway)) {
        ++counters_.forward_refused;
        answer(now, net::IcmpError::Prohibited, packet, from, 0);
        return false;
    }
    verdict_ = {.from = from,
                .source = facts.source,
                .destination = facts.destination,
                .routes_generation = state_.routes.generation(),
                .next = onwards ? route.peer : PeerHandle{}};
    return true;
}

void DataPlane::deliver(base::MutableBytes packet, const net::PacketFacts& facts,
                        bool checksum_partial) {
    if (!tun_batch_.add(to_host_, packet, facts, checksum_partial)) {
        ++counters_.batch_full;
        return;
    }
    ++counters_.delivered;
}

void DataPlane::forward(base::Instant now, PeerHandle from, base::MutableBytes packet,
                        const net::PacketFacts& facts, bool checksum_partial) {
    const Peer* next = state_.peers.get(verdict_.next);
    if (next == nullptr || !takes_packets(now, verdict_.next, *next)) {
        ++counters_.peer_not_connected;
        answer(now, net::IcmpError::HostUnreachable, packet, from, 0);
        return;
    }
    if (facts.hop_limit <= 1 || !net::decrement_hop_limit(packet)) {
        ++counters_.hop_limit_exceeded;
        answer(now, net::IcmpError::HopLimitExceeded, packet, from, 0);
        return;
    }
    const net::TunPacket whole{
        packet, {.segmentation = net::Segmentation::None, .checksum_partial = checksum_partial}};
    if (refused_as_too_big(now, *next, whole, facts, from)) {
        return;
    }
    if (net::is_tcp_syn(packet, facts)) {
        clamp_mss(*next, now, packet, checksum_partial);
    }
    const auto lane = std::find(forward_lanes_.begin(), forward_lanes_.end(), verdict_.next);
    const auto index = static_cast<std::uint64_t>(lane - forward_lanes_.begin());
    if (lane == forward_lanes_.end()) {
        forward_lanes_.push_back(verdict_.next);
    }
    if (!forward_batch_.add({index, kPeerTakes}, packet, facts, checksum_partial)) {
        ++counters_.batch_full;
        return;
    }
    ++counters_.forwarded;
}

void DataPlane::finish_batch(base::Instant now) {
    if (forward_batch_.empty()) {
        return;
    }
    for (const net::Coalescer::Frame& frame : forward_batch_.frames()) {
        const PeerHandle peer = forward_lanes_[frame.lane];
        if (state_.peers.get(peer) != nullptr) {
            out_.push(now, peer, frame.frame, frame.flow_hash);
        }
    }
    forward_batch_.clear();
    forward_lanes_.clear();
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
    const base::MutableBytes packet = room.first(*size);
    const auto about = net::parse_packet(packet);
    const Peer* peer = state_.peers.get(back_to);
    if (!about) {
        return;
    }
    ++counters_.icmp_errors_sent;
    if (back_to.is_null()) {
        deliver(packet, *about, false);
    } else if (peer != nullptr && peer->connected()) {
        out_.push(now, back_to, packet, {}, about->flow_hash);
    }
}

}  // namespace qe::node
