// SPDX-License-Identifier: Apache-2.0
//
// Graveyard: what remains of closed connections until their peers have surely heard of it.
//
// A closing connection answers late packets with its CONNECTION_CLOSE again, ever more rarely; a
// draining one swallows them, so that they do not earn a stateless reset (RFC 9000, 10.2). The
// answer goes where the packet came from and never is more than three times its size: the last
// address of the connection may be one that nobody ever answered at. Neither needs a ngtcp2_conn: a
// tombstone is the packet, its path, and the ids it is known by. Bounded: the oldest grave is given
// up first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "quic/cid_table.h"
#include "quic/deadline_heap.h"
#include "quicether/base/bytes.h"
#include "quicether/base/slot_map.h"
#include "quicether/base/time.h"
#include "quicether/net/datagram.h"

namespace qe::quic {

struct Tombstone {
    base::Bytes packet;       ///< Empty when draining.
    net::FlowAddresses flow;  ///< Where the packet goes next.
    std::vector<IdKey> ids;
    std::uint32_t answered = 0;  ///< Packets since the close that might have been answered.
    bool queued = false;         ///< The packet waits for poll().
};

class Graveyard {
  public:
    explicit Graveyard(CidTable& cids) noexcept : cids_(cids) {}

    /// Takes over the routes of `tombstone.ids` until `until`; the packet is sent at once.
    void bury(Tombstone tombstone, base::Instant until);
    /// A packet of `size` bytes arrived on `flow` for a closed connection.
    void disturb(TombstoneHandle handle, const net::FlowAddresses& flow, std::size_t size);
    void handle_timeout(base::Instant now);

    [[nodiscard]] std::optional<net::TransmitDatagrams> poll(base::MutableBytes buffer);
    [[nodiscard]] bool has_packets() const noexcept { return !queue_.empty(); }
    [[nodiscard]] base::Instant next_deadline() const noexcept { return deadlines_.next(); }
    [[nodiscard]] std::size_t size() const noexcept { return graves_.size(); }

  private:
    static constexpr std::size_t kGravesMax = 4096;

    void remove(TombstoneHandle handle);
    void enqueue(TombstoneHandle handle, Tombstone& tombstone);

    CidTable& cids_;
    base::SlotMap<Tombstone, TombstoneTag> graves_;
    std::vector<TombstoneHandle> by_index_;
    DeadlineHeap deadlines_;
    std::deque<TombstoneHandle> queue_;
};

}  // namespace qe::quic
