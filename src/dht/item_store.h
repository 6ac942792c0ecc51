// SPDX-License-Identifier: Apache-2.0
//
// ItemStore: items kept for others (BEP 44), bounded, each for its lifetime.
//
// Nothing is stored that its signature or hash does not vouch for. A full store gives up what has
// expired, then what lies farthest from our own id, if the newcomer lies nearer. One subnet of
// addresses may hold only its share.
#pragma once

#include <map>
#include <optional>

#include "dht/message.h"
#include "dht/subnet_counts.h"
#include "quicether/base/time.h"
#include "quicether/dht/config.h"

namespace qe::dht {

class ItemStore {
  public:
    ItemStore(const NodeId& own, const StoreLimits& limits) noexcept : own_(own), limits_(limits) {}

    /// Nothing: stored. `from` has shown a token.
    [[nodiscard]] std::optional<KrpcError> put(base::Instant now, const net::IpAddress& from,
                                               const ItemView& item,
                                               std::optional<std::int64_t> cas);
    /// Null when there is none. The pointer is valid until the next put() or expire().
    [[nodiscard]] const Item* find(base::Instant now, const NodeId& target) const;

    void expire(base::Instant now);
    void set_own(const NodeId& own) noexcept { own_ = own; }
    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  private:
    struct Stored {
        Item item;
        std::uint64_t subnet = 0;
        base::Instant until;
    };
    using Map = std::map<NodeId, Stored>;

    [[nodiscard]] std::optional<KrpcError> replace(base::Instant now, Stored& stored,
                                                   const ItemView& item,
                                                   std::optional<std::int64_t> cas);
    [[nodiscard]] bool make_room(base::Instant now, const NodeId& target, std::uint64_t subnet);
    void erase(Map::iterator place);

    NodeId own_;
    StoreLimits limits_;
    Map items_;
    SubnetCounts subnets_;
    std::size_t bytes_ = 0;
};

}  // namespace qe::dht
