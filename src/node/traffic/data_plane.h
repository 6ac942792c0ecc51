// SPDX-License-Identifier: Apache-2.0
//
// DataPlane: decides what becomes of each IP packet, from the TUN device and from peers.
//
// Out: parse → longest-prefix match → the peer's queue (Outbound). A super-packet is one packet
// here. In: overlay datagram → whole packets or reassembly → source check → ours: coalesced for the
// TUN device; another peer's: hop limit, coalesced again, then out. A packet that cannot go on is
// counted under its reason, and answered with an ICMP error where that helps the sender.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "node/node_state.h"
#include "node/token_bucket.h"
#include "node/traffic/outbound.h"
#include "node/traffic/packet_arena.h"
#include "quicether/base/bytes.h"
#include "quicether/net/coalescer.h"
#include "quicether/net/icmp.h"
#include "quicether/net/offload.h"
#include "quicether/net/packet.h"
#include "quicether/overlay/datagram.h"

namespace qe::node {

/// Packets by fate. `tun_*` came from the host, `peer_*` from sessions. A super-packet counts once
/// where it came from the host.
struct DataCounters {
    std::uint64_t tun_packets = 0;
    std::uint64_t tun_malformed = 0;
    std::uint64_t tun_multicast = 0;  ///< The overlay carries unicast only.
    std::uint64_t no_route = 0;
    std::uint64_t peer_not_connected = 0;
    std::uint64_t too_big_refused = 0;  ///< Answered with Packet Too Big, by configuration.
    std::uint64_t peer_datagrams = 0;
    std::uint64_t peer_malformed = 0;
    std::uint64_t peer_early_refused = 0;  ///< 0-RTT may be replayed: no packet is taken from it.
    std::uint64_t source_refused = 0;      ///< The peer does not own the source address.
    std::uint64_t forward_refused = 0;     ///< Not for us, and we are no gateway.
    std::uint64_t hop_limit_exceeded = 0;
    std::uint64_t forwarded = 0;
    std::uint64_t delivered = 0;   ///< To the TUN device.
    std::uint64_t batch_full = 0;  ///< More packets at once than may be held.
    std::uint64_t icmp_errors_sent = 0;
};

class DataPlane {
  public:
    explicit DataPlane(NodeState& state);

    /// What the TUN device takes; nothing until told.
    void set_tun_offloads(net::TunOffloads offloads) noexcept { to_host_.takes = offloads; }

    [[nodiscard]] base::MutableBytes tun_buffer() { return out_.read_buffer(); }
    void handle_tun(base::Instant now, const net::TunPacket& packet);
    void handle_datagram(base::Instant now, PeerHandle from,
                         const quic::ReceivedDatagram& datagram);
    /// Lets go what waited long enough for datagrams of slower paths. Returns when to be asked
    /// again.
    [[nodiscard]] base::Instant handle_deadline(base::Instant now, PeerHandle peer);
    /// What became of a datagram that was sent over one of several paths.
    void handle_fate(PeerHandle peer, const quic::DatagramFate& fate);
    /// Sends again what was under way on paths that failed.
    void repair();
    /// To be called when a batch of datagrams has been handled: lets forwarded packets go on.
    void finish_batch(base::Instant now);
    /// Gives the endpoint what it can send; before each poll_transmit.
    void fill(base::Instant now) { out_.fill(now); }

    /// Frames for the TUN device, once between two clear_tun_frames().
    [[nodiscard]] std::span<const net::TunFrame> tun_frames();
    void clear_tun_frames() noexcept;
    [[nodiscard]] const DataCounters& counters() const noexcept { return counters_; }
    [[nodiscard]] OutboundCounters outbound_counters() const noexcept { return out_.counters(); }

  private:
    /// What was decided for the last packet of a peer. The packets of a batch mostly belong to one
    /// flow, and the decision to its addresses: two lookups in the routing table less.
    struct Verdict {
        PeerHandle from;
        net::IpAddress source;
        net::IpAddress destination;
        std::uint64_t routes_generation = UINT64_MAX;
        PeerHandle next;  ///< Null: the packet is for the host.
    };

    /// Whether packets for the peer may be queued; says that it is wanted if it is not connected.
    [[nodiscard]] bool takes_packets(base::Instant now, PeerHandle handle, const Peer& peer);
    [[nodiscard]] bool refused_as_too_big(base::Instant now, const Peer& peer,
                                          const net::TunPacket& packet,
                                          const net::PacketFacts& facts, PeerHandle back_to);
    void clamp_mss(const Peer& peer, base::Instant now, base::MutableBytes packet,
                   bool checksum_partial) const;

    void handle_parsed(base::Instant now, PeerHandle from, Peer& peer,
                       const overlay::ParsedDatagram& datagram);
    void resequence(base::Instant now, PeerHandle from, Peer& peer, base::ByteView bytes,
                    const overlay::ParsedDatagram& datagram);
    void release(base::Instant now, PeerHandle from, Peer& peer, multipath::Resequencer& lane);
    void handle_packets(base::Instant now, PeerHandle from, Peer& peer, base::MutableBytes payload,
                        bool checksum_partial);
    void handle_packet(base::Instant now, PeerHandle from, Peer& peer, base::MutableBytes packet,
                       bool checksum_partial);
    /// False: the packet goes nowhere, and that has been counted and answered.
    [[nodiscard]] bool decide(base::Instant now, PeerHandle from, base::ByteView packet,
                              const net::PacketFacts& facts);
    void deliver(base::MutableBytes packet, const net::PacketFacts& facts, bool checksum_partial);
    void forward(base::Instant now, PeerHandle from, base::MutableBytes packet,
                 const net::PacketFacts& facts, bool checksum_partial);

    /// Answers `offender`: to the host when `back_to` is null, else to that peer.
    void answer(base::Instant now, net::IcmpError error, base::ByteView offender,
                PeerHandle back_to, std::size_t mtu_bytes);

    NodeState& state_;
    Outbound out_;
    PacketArena arena_;
    net::Lane to_host_;
    net::Coalescer tun_batch_;
    net::Coalescer forward_batch_;
    std::vector<PeerHandle> forward_lanes_;  ///< Whom the lanes of forward_batch_ lead to.
    std::vector<net::TunFrame> tun_frames_;
    Verdict verdict_;
    TokenBucket icmp_budget_{100, 50};
    DataCounters counters_;
};

}  // namespace qe::node
