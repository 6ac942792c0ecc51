// SPDX-License-Identifier: Apache-2.0
//
// AddressVotes: where others see us, by what nodes of distinct subnets say in their answers
// (BEP 42, "ip"). One liar, or many in one subnet, convince nobody.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "quicether/net/ip_address.h"

namespace qe::dht {

class AddressVotes {
  public:
    explicit AddressVotes(std::size_t votes_needed) noexcept : needed_(votes_needed) {}

    /// The address, when this vote is the one that changes the mind about it.
    std::optional<net::SocketAddress> handle_vote(const net::SocketAddress& voter,
                                                  const net::SocketAddress& seen);
    /// What was last agreed on.
    [[nodiscard]] const std::optional<net::SocketAddress>& agreed() const noexcept {
        return agreed_;
    }

  private:
    struct Vote {
        std::uint64_t voter = 0;  ///< Subnet, or the address itself for local ones.
        net::SocketAddress seen;
    };

    std::size_t needed_;
    std::vector<Vote> votes_;  ///< Oldest first.
    std::optional<net::SocketAddress> agreed_;
};

}  // namespace qe::dht
