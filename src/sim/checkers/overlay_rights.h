// SPDX-License-Identifier: Apache-2.0
//
// OverlayRights: which IP packets the hosts' configurations let pass through the overlay, and over
// how many gateways. Written from docs/protocol/peer.md, not from the node's code.
//
// Members of the hosts' network list each other, as it were, and own what addresses they have had
// in it.
//
// A hop is allowed when the receiver lists the sender and its configuration entitles the sender to
// the packet's source: to its own overlay addresses always, to a subnet when it is configured for
// that peer. All nodes between the first and the last must be gateways, and the destination must be
// local to the last. What the sender lists is not asked: it may have been another list when the
// packet left.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "quicether/net/ip_address.h"
#include "sim/world.h"

namespace qe::sim {

class OverlayRights {
  public:
    explicit OverlayRights(World& world) : world_(world) {}

    /// Configurations may have changed.
    void refresh();
    /// Whether `address` is the host's own overlay address or in a subnet that it advertises.
    [[nodiscard]] bool is_local(HostId host, const net::IpAddress& address);
    /// Who has it as its own overlay address; the first of several.
    [[nodiscard]] std::optional<HostId> owner(const net::IpAddress& address) const;
    /// The least number of gateways that must forward a packet; nothing when it may not arrive.
    [[nodiscard]] std::optional<unsigned> forwards(HostId from, HostId to,
                                                   const net::IpAddress& source,
                                                   const net::IpAddress& destination);
    [[nodiscard]] unsigned gateways() const;

  private:
    struct Question {
        HostId from = 0;
        HostId to = 0;
        net::IpAddress source;
        net::IpAddress destination;
        friend auto operator<=>(const Question&, const Question&) = default;
    };

    void learn_addresses();
    void learn_addresses_of(HostId host);
    /// Addresses of members change when they join and when two had one.
    void learn_members_addresses();
    [[nodiscard]] std::optional<unsigned> answer(const Question& question);
    [[nodiscard]] bool trusts(HostId host, HostId other) const;
    /// Whether `host` takes packets from `peer` that have this source.
    [[nodiscard]] bool entitles(HostId host, HostId peer, const net::IpAddress& address);
    [[nodiscard]] bool may_hop(HostId from, HostId to, const Question& question);
    [[nodiscard]] std::optional<unsigned> search(const Question& question);

    [[nodiscard]] bool owns(HostId host, const net::IpAddress& address) const {
        return owners_.contains({address, host});
    }

    World& world_;
    std::set<std::pair<net::IpAddress, HostId>> owners_;  ///< IPv4 addresses may collide.
    std::set<HostId> known_;                              ///< Hosts whose addresses are in owners_.
    std::map<Question, std::optional<unsigned>> answers_;
};

}  // namespace qe::sim
