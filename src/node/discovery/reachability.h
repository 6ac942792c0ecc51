// SPDX-License-Identifier: Apache-2.0
//
// Reachability: whether strangers get through to us. A query from an endpoint we have not sent to
// lately proves it; a NAT or firewall would have kept it out.
//
// Endpoints are remembered as hashes in a fixed table, so that a collision can only hide a proof,
// never make one up.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>

#include "quicether/base/time.h"
#include "quicether/net/ip_address.h"

namespace qe::node {

class Reachability {
  public:
    /// NATs forget an idle UDP mapping sooner (RFC 4787, REQ-5: some minutes).
    static constexpr base::Duration kMappingLifetime = base::seconds(10 * 60);
    /// How long a proof is believed.
    static constexpr base::Duration kProofLifetime = base::seconds(3600);

    void handle_sent(base::Instant now, const net::SocketAddress& to) noexcept {
        sent_[index_of(to)] = now + kMappingLifetime;
    }
    void handle_query(base::Instant now, const net::SocketAddress& from) noexcept {
        if (sent_[index_of(from)] <= now) {
            proven_until_ = now + kProofLifetime;
        }
    }
    /// The network has changed: nothing is proven.
    void reset() noexcept {
        proven_until_ = {};
        sent_ = {};
    }
    [[nodiscard]] bool is_proven(base::Instant now) const noexcept { return now < proven_until_; }

  private:
    static constexpr std::size_t kCells = 1024;

    [[nodiscard]] static std::size_t index_of(const net::SocketAddress& endpoint) noexcept {
        return std::hash<net::SocketAddress>()(endpoint) % kCells;
    }

    std::array<base::Instant, kCells> sent_{};
    base::Instant proven_until_;
};

}  // namespace qe::node
