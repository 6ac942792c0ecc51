// SPDX-License-Identifier: Apache-2.0
//
// Meddler: what no network does by itself. Captures datagrams and puts them on the wire again, bent
// or from elsewhere; sends garbage; makes hosts send IP packets that are not theirs; edits lists of
// peers. Bounded: it remembers the last few hundred datagrams.
#pragma once

#include <cstdint>
#include <vector>

#include "quicether/base/rng.h"
#include "sim/fuzz/plan.h"
#include "sim/observer.h"
#include "sim/world.h"

namespace qe::sim {

class Meddler final : public Observer {
  public:
    static constexpr std::size_t kCapturedMax = 512;

    /// The world must outlive it. To be added as an observer.
    explicit Meddler(World& world) : world_(world), rng_(world.stream("meddler")) {}

    /// Does one thing now.
    void perform(const Meddling& deed);

    void on_sent(HostId host, const Packet& packet) override;

  private:
    struct Ring {
        std::vector<Packet> packets;
        std::size_t next = 0;
    };

    static void capture(Ring& ring, const Packet& packet);
    void apply(const Replay& deed);
    void apply(const Garbage& deed);
    void apply(const StrayPackets& deed);
    void apply(const VisitSubnet& deed);
    void apply(const DropPeer& deed);
    void list_again(HostId host, const config::PeerConfig& peer);

    [[nodiscard]] std::vector<Packet> draw(const Replay& deed);
    [[nodiscard]] net::SocketAddress stranger();
    void flip_bits(std::size_t count, Packet& packet);
    void inject(HostId through, Packet packet);
    [[nodiscard]] net::IpAddress foreign_address(HostId host, net::Family family);

    World& world_;
    base::Rng rng_;
    Ring all_;
    Ring handshakes_;  ///< With a long header.
};

}  // namespace qe::sim
