// SPDX-License-Identifier: Apache-2.0
//
// DataPlane: IP packets between the TUN device and the links of sessions.
//
// Out: parse → longest-prefix match → (peer, run of packets) → pack or fragment → QUIC datagram.
// In: overlay datagram → whole packets or reassembly → source check → ours: TUN batch; another
// peer's: hop limit, then out again. A packet that cannot go on is counted under its reason, and
// answered with an ICMP error where that helps the sender.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "node/node_state.h"
#include "node/packet_arena.h"
#include "node/token_bucket.h"
#include "quicether/base/bytes.h"
#include "quicether/net/icmp.h"
#include "quicether/net/packet.h"

namespace qe::node {

/// Packets by fate. `tun_*` came from the host, `peer_*` from sessions.
struct DataCounters {
    std::uint64_t tun_packets = 0;
    std::uint64_t tun_malformed = 0;
    std::uint64_t tun_multicast = 0;  ///< The overlay carries unicast only.
    std::uint64_t no_route = 0;
    std::uint64_t peer_not_connected = 0;
    std::uint64_t queue_full = 0;
    std::uint64_t too_big_refused = 0;  ///< Answered with Packet Too Big, by configuration.
    std::uint64_t fragments_sent = 0;
    std::uint64_t peer_datagrams = 0;
    std::uint64_t peer_malformed = 0;
    std::uint64_t peer_early_refused = 0;  ///< 0-RTT may be replayed: no packet is taken from it.
    std::uint64_t source_refused = 0;      ///< The peer does not own the source address.
    std::uint64_t forward_refused = 0;     ///< Not for us, and we are no gateway.
    std::uint64_t hop_limit_exceeded = 0;
    std::uint64_t forwarded = 0;
    std::uint64_t delivered = 0;  ///< To the TUN device.
    std::uint64_t tun_batch_full = 0;
    std::uint64_t icmp_errors_sent = 0;
};

class DataPlane {
  public:
    explicit DataPlane(NodeState& state);

    void handle_tun(base::Instant now, std::span<const base::MutableBytes> packets);
    void handle_datagram(base::Instant now, PeerHandle from,
                         const quic::ReceivedDatagram& datagram);

    [[nodiscard]] std::span<const base::ByteView> tun_packets() const noexcept { return to_tun_; }
    void clear_tun_packets() noexcept;
    [[nodiscard]] const DataCounters& counters() const noexcept { return counters_; }

  private:
    /// Packets of one batch on their way to one peer.
    struct Run {
        PeerHandle peer;
        std::vector<base::ByteView> packets;
    };

    void route_from_tun(base::Instant now, base::MutableBytes packet);
    void queue_for(base::Instant now, PeerHandle peer, base::ByteView packet);
    void flush(base::Instant now);
    void send_oversize(base::Instant now, Peer& peer, base::ByteView packet, std::size_t limit);
    void send_fragments(Peer& peer, base::ByteView packet, std::size_t limit);
    [[nodiscard]] bool send_datagram(Peer& peer, std::span<const base::ByteView> parts);
    /// Sends one packet past the run being collected; for answers made while a run is on its way.
    void send_alone(Peer& peer, base::ByteView packet);
    void clamp_mss(const Peer& peer, base::Instant now, base::MutableBytes packet) const;

    void handle_packets(base::Instant now, PeerHandle from, Peer& peer, base::ByteView payload);
    void handle_packet(base::Instant now, PeerHandle from, Peer& peer, base::ByteView packet);
    void deliver(base::ByteView packet);
    void forward(base::Instant now, PeerHandle from, PeerHandle to, base::ByteView packet);

    /// Answers `offender`: to the host when `back_to` is null, else to that peer.
    void answer(base::Instant now, net::IcmpError error, base::ByteView offender,
                PeerHandle back_to, std::size_t mtu_bytes);

    NodeState& state_;
    Run run_;
    PacketArena arena_;
    std::vector<base::ByteView> to_tun_;
    TokenBucket icmp_budget_{100, 50};
    DataCounters counters_;
};

}  // namespace qe::node
