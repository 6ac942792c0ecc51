// SPDX-License-Identifier: Apache-2.0
//
// PeerStore: who has announced itself under which key (BEP 5, announce_peer), bounded, each for its
// lifetime. A full store gives up what has expired, then the key farthest from our own id, if the
// newcomer's lies nearer. One subnet of addresses may hold only its share.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "dht/message.h"
#include "dht/subnet_counts.h"
#include "quicether/base/rng.h"
#include "quicether/base/time.h"
#include "quicether/dht/config.h"

namespace qe::dht {

class PeerStore {
  public:
    PeerStore(const NodeId& own, const StoreLimits& limits) noexcept : own_(own), limits_(limits) {}

    /// Nothing: stored. `peer` has shown a token.
    [[nodiscard]] std::optional<KrpcError> announce(base::Instant now, const NodeId& info_hash,
                                                    const net::SocketAddress& peer);
    /// At most `count_max` of one family, chosen at random when there are more.
    [[nodiscard]] std::vector<net::SocketAddress> find(base::Instant now, const NodeId& info_hash,
                                                       net::Family family, std::size_t count_max,
                                                       base::Rng& rng) const;

    void expire(base::Instant now);
    void set_own(const NodeId& own) noexcept { own_ = own; }
    [[nodiscard]] std::size_t hash_count() const noexcept { return hashes_.size(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

  private:
    struct Peer {
        net::SocketAddress endpoint;
        base::Instant until;
    };
    using Map = std::map<NodeId, std::vector<Peer>>;

    [[nodiscard]] bool make_room(base::Instant now, const NodeId& info_hash);
    void erase(Map::iterator place);
    void forget(const Peer& peer) noexcept;

    NodeId own_;
    StoreLimits limits_;
    Map hashes_;
    SubnetCounts subnets_;
    std::size_t size_ = 0;
};

}  // namespace qe::dht
