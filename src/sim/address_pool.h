// SPDX-License-Identifier: Apache-2.0
//
// AddressPool: hands out the addresses of a prefix, each to one holder at a time.
//
// In order, from the one after the router's; an address given back is not given again before all
// others had their turn. The first two and the last of an IPv4 prefix are nobody's (its name, the
// router, broadcast), unless there are no others (RFC 3021).
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "quicether/net/ip_address.h"

namespace qe::sim {

class AddressPool {
  public:
    explicit AddressPool(const net::Prefix& prefix);

    /// The whole network.
    [[nodiscard]] const net::Prefix& prefix() const noexcept { return prefix_; }
    /// Empty when all addresses are taken.
    [[nodiscard]] std::optional<net::IpAddress> take();
    void give_back(const net::IpAddress& address) { taken_.erase(address); }

  private:
    [[nodiscard]] net::IpAddress address(std::uint64_t number) const;

    net::Prefix prefix_;
    std::uint64_t first_ = 0;
    std::uint64_t last_ = 0;
    std::uint64_t next_ = 0;
    std::set<net::IpAddress> taken_;
};

}  // namespace qe::sim
