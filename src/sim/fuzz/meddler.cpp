// SPDX-License-Identifier: Apache-2.0
#include "sim/fuzz/meddler.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "quicether/net/checksum.h"
#include "sim/traffic/ip_packet.h"

namespace qe::sim {
namespace {

constexpr std::byte kLongHeader{0x80};
/// Nobody has addresses of it.
constexpr std::uint32_t kStrangers = 0x3dfa0000;  // 61.250.0.0
constexpr std::size_t kUdpHeader = 8;
/// How often it is looked whether a host is awake again.
constexpr base::Duration kAsleep = base::milliseconds(500);

base::Bytes random_bytes(base::Rng& rng, std::size_t size) {
    base::Bytes bytes(size);
    rng.fill(bytes);
    return bytes;
}

base::Bytes random_udp(base::Rng& rng, const net::IpAddress& source,
                       const net::IpAddress& destination) {
    base::Bytes segment = random_bytes(rng, kUdpHeader + 16 + rng.below(200));
    base::ByteWriter header{base::MutableBytes(segment)};
    header.u16(static_cast<std::uint16_t>(40'000 + rng.below(1000)));
    header.u16(static_cast<std::uint16_t>(40'000 + rng.below(1000)));
    header.u16(static_cast<std::uint16_t>(segment.size()));
    header.u16(0);
    return make_ip_packet({source, destination, net::kProtocolUdp, net::Ecn::NotEct}, segment);
}

base::Bytes echo_request(base::Rng& rng, const net::IpAddress& source,
                         const net::IpAddress& destination) {
    constexpr std::byte kEchoRequest{8};
    base::Bytes segment = random_bytes(rng, 40);
    std::fill_n(segment.begin(), 4, std::byte{0});
    segment[0] = kEchoRequest;
    return make_ip_packet({source, destination, kProtocolIcmp, net::Ecn::NotEct}, segment);
}

}  // namespace

void Meddler::perform(const Meddling& deed) {
    std::visit([this](const auto& d) { apply(d); }, deed);
}

// --- Datagrams -----------------------------------------------------------------------------------

void Meddler::capture(Ring& ring, const Packet& packet) {
    if (ring.packets.size() < kCapturedMax) {
        ring.packets.push_back(packet);
        return;
    }
    ring.packets[ring.next] = packet;
    ring.next = (ring.next + 1) % kCapturedMax;
}

void Meddler::on_sent(HostId /*host*/, const Packet& packet) {
    capture(all_, packet);
    if (!packet.payload.empty() && (packet.payload[0] & kLongHeader) != std::byte{0}) {
        capture(handshakes_, packet);
    }
}

net::SocketAddress Meddler::stranger() {
    const auto host = static_cast<std::uint32_t>(1 + rng_.below(1U << 12));
    return {net::IpAddress::v4(kStrangers + host),
            static_cast<std::uint16_t>(1024 + rng_.below(60'000)), 0};
}

/// One captured datagram; of a handshake also the next one, if it belongs to the same flight: a
/// ClientHello takes two.
std::vector<Packet> Meddler::draw(const Replay& deed) {
    const Ring& ring = deed.handshakes ? handshakes_ : all_;
    const std::size_t first = rng_.below(ring.packets.size());
    std::vector<Packet> flight{ring.packets[first]};
    const Packet& next = ring.packets[(first + 1) % ring.packets.size()];
    if (deed.handshakes && next.number > flight[0].number && next.source == flight[0].source &&
        next.destination == flight[0].destination) {
        flight.push_back(next);
    }
    return flight;
}

void Meddler::flip_bits(std::size_t count, Packet& packet) {
    for (std::size_t i = 0; i < count && !packet.payload.empty(); ++i) {
        packet.payload[rng_.below(packet.payload.size())] ^= std::byte{1} << rng_.below(8);
        packet.corrupted = true;
    }
}

void Meddler::apply(const Replay& deed) {
    for (std::size_t i = 0; i < deed.count; ++i) {
        if ((deed.handshakes ? handshakes_ : all_).packets.empty()) {
            return;
        }
        const net::SocketAddress source = stranger();
        for (Packet& packet : draw(deed)) {
            if (deed.from_stranger && packet.source.ip.is_v4()) {
                packet.source = source;
            }
            flip_bits(deed.flipped_bits, packet);
            const HostId through = deed.from_stranger ? deed.through : packet.origin;
            inject(through, std::move(packet));
        }
    }
}

void Meddler::apply(const Garbage& deed) {
    Host& to = world_.host(deed.to);
    const auto addresses = to.addresses();
    const auto own = world_.host(deed.through).addresses();
    for (std::size_t i = 0; i < deed.count && !addresses.empty() && !own.empty(); ++i) {
        Packet packet;
        packet.source = {own.front(), static_cast<std::uint16_t>(1024 + rng_.below(60'000)), 0};
        packet.destination = {addresses.front(), to.config().discovery.dht_port, 0};
        packet.payload = random_bytes(rng_, 1 + rng_.below(1250));
        inject(deed.through, std::move(packet));
    }
}

void Meddler::inject(HostId through, Packet packet) {
    const Host& host = world_.host(through);
    packet.origin = through;
    packet.number = world_.next_packet_number();
    packet.hop_limit = 64;
    const std::string link = host.link_name(host.interfaces().front().name);
    if (world_.topology().link_options(link)) {
        world_.topology().entry(link).receive(std::move(packet));
    }
}

// --- IP packets ----------------------------------------------------------------------------------

/// Of some other host, or of nobody.
net::IpAddress Meddler::foreign_address(HostId host, net::Family family) {
    const auto other = static_cast<HostId>(rng_.below(world_.host_count()));
    const auto theirs = world_.host(other).overlay_address(family);
    if (other != host && theirs && rng_.below(2) == 0) {
        return *theirs;
    }
    if (family == net::Family::V4) {
        return net::IpAddress::v4(0x64400000 | static_cast<std::uint32_t>(rng_.below(1U << 16)));
    }
    std::array<std::byte, 16> bytes{};
    rng_.fill(bytes);
    const auto network = net::parse_ip_address("fd71:7569:6365::").value();
    std::copy_n(network.bytes().begin(), 6, bytes.begin());
    return net::IpAddress::v6(bytes);
}

void Meddler::apply(const StrayPackets& deed) {
    Host& from = world_.host(deed.from);
    for (std::size_t i = 0; i < deed.count; ++i) {
        const auto family = rng_.below(2) == 0 ? net::Family::V4 : net::Family::V6;
        const auto own = from.overlay_address(family);
        const auto theirs = world_.host(deed.to).overlay_address(family);
        if (!own || !theirs) {
            return;
        }
        const net::IpAddress foreign = foreign_address(deed.from, family);
        base::Bytes packet = deed.foreign_source ? random_udp(rng_, foreign, *theirs)
                                                 : random_udp(rng_, *own, foreign);
        from.send_ip(packet);
    }
}

void Meddler::apply(const VisitSubnet& deed) {
    const auto own = world_.host(deed.from).overlay_address(net::Family::V4);
    for (const net::Prefix& subnet : world_.host(deed.to).config().network.advertise_subnets) {
        if (own && subnet.family() == net::Family::V4) {
            const std::uint32_t network = base::ByteReader(subnet.address().bytes()).u32();
            const auto host = static_cast<std::uint32_t>(1 + rng_.below(200));
            base::Bytes packet = echo_request(rng_, *own, net::IpAddress::v4(network + host));
            world_.host(deed.from).send_ip(packet);
        }
    }
}

// --- Lists of peers ------------------------------------------------------------------------------

// Nobody edits the list of a machine that sleeps: it would not be told, and go on with the old one.

void Meddler::apply(const DropPeer& deed) {
    if (world_.host(deed.host).suspended()) {
        return;
    }
    auto& peers = world_.host(deed.host).config().peer;
    const auto found = std::find_if(peers.begin(), peers.end(), [&](const auto& peer) {
        return config::node_id_of(peer.id) == world_.host(deed.peer).node_id();
    });
    if (found == peers.end()) {
        return;
    }
    const config::PeerConfig dropped = *found;
    peers.erase(found);
    (void)world_.host(deed.host).reload();
    world_.scheduler().after(deed.lasts,
                             [this, host = deed.host, dropped] { list_again(host, dropped); });
}

void Meddler::list_again(HostId host, const config::PeerConfig& peer) {
    if (world_.host(host).suspended()) {
        world_.scheduler().after(kAsleep, [this, host, peer] { list_again(host, peer); });
        return;
    }
    world_.tell([&](Observer& o) { o.on_action("a dropped peer is listed again"); });
    world_.host(host).config().peer.push_back(peer);
    (void)world_.host(host).reload();
}

}  // namespace qe::sim
