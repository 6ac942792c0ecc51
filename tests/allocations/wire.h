// SPDX-License-Identifier: Apache-2.0
//
// Wire: nodes that a World has brought together, joined by a wire with nothing but calls
// into a Node under a CountingScope.
//
// World copies each datagram and each packet; here the memory that the wire itself needs is out of
// what is counted, and what a node sends as one batch arrives as one, as it does with GSO and GRO.
// Each node is driven in the daemon's cycle (node.h). Time is virtual and goes on from the World's.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <vector>

#include "allocation_count.h"
#include "quicether/base/bytes.h"
#include "quicether/net/datagram.h"
#include "quicether/net/offload.h"
#include "quicether/node/node.h"
#include "support/world.h"

namespace qe::testing {

/// A packet to give to a node's TUN device.
struct TunInput {
    base::Bytes bytes;
    net::Offload offload;
};

class Wire {
  public:
    /// `world` outlives the wire, and must not run any more. Each host's underlay address is its
    /// first.
    Wire(World& world, std::vector<net::IpAddress> addresses);

    /// The host's TUN device is read empty: all packets, then what the node has to send.
    void send(World::HostId from, std::span<const TunInput> packets);
    void run_for(base::Duration duration);
    /// From now on every so-manieth batch is lost; 0: none.
    void set_loss(std::uint64_t one_in) { lose_one_in_ = one_in; }

    /// IP packets that came out at the host's TUN device; segments of a super-packet count.
    [[nodiscard]] std::uint64_t delivered(World::HostId host) const;
    [[nodiscard]] const AllocationCount& count(World::HostId host) const;
    void start_count();

  private:
    struct Host {
        node::Node* node = nullptr;
        net::IpAddress address;
        AllocationCount count;
        std::uint64_t delivered = 0;
    };
    /// One batch of datagrams on its way.
    struct Batch {
        base::Instant arrives;
        std::size_t to = 0;
        net::TransmitDatagrams what;
        base::Bytes bytes;
    };

    void pump(Host& host);
    void put(const net::TransmitDatagrams& what, base::ByteView bytes);
    void deliver_arrived();
    [[nodiscard]] base::Instant next_event() const;

    base::Instant now_;
    std::vector<Host> hosts_;
    std::deque<Batch> in_flight_;  ///< In the order of arrival.
    base::Bytes buffer_;
    std::uint64_t lose_one_in_ = 0;
    std::uint64_t batches_ = 0;
};

}  // namespace qe::testing
