// SPDX-License-Identifier: Apache-2.0
//
// Bootstrap: where the DHT begins. Collects endpoints (configured, resolved, remembered, heard on
// the LAN, of connected peers) and gives them to the Dht in batches with growing pauses.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "node/node_state.h"
#include "quicether/dht/dht.h"

namespace qe::node {

/// As many as a Dht remembers.
inline constexpr std::size_t kBootstrapEndpointsMax = 64;
/// Between two batches: at once, then after 1, 2, 4 … seconds while nobody answers.
inline constexpr base::Duration kBootstrapPauseFirst = base::seconds(1);
inline constexpr base::Duration kBootstrapPauseMax = base::seconds(64);
/// Names of bootstrap nodes are asked again, while no contact is left, after 5, 10 … seconds.
inline constexpr base::Duration kNamePauseFirst = base::seconds(5);
inline constexpr base::Duration kNamePauseMax = base::seconds(300);

class Bootstrap {
  public:
    explicit Bootstrap(NodeState& state) : state_(state) {}

    /// The network is there, or has changed: begins with everything known.
    void begin_anew(base::Instant now);
    void add(base::Instant now, const net::SocketAddress& endpoint);
    void handle_resolved(base::Instant now, const std::string& host,
                         const std::vector<net::IpAddress>& addresses);
    void handle_deadline(base::Instant now, dht::Dht& dht, std::size_t contacts);
    [[nodiscard]] base::Instant next_deadline(std::size_t contacts) const noexcept;
    [[nodiscard]] std::optional<std::string> poll_name();

  private:
    void ask_names();

    NodeState& state_;
    std::vector<net::SocketAddress> waiting_;
    base::Instant flush_at_;
    base::Duration flush_pause_ = kBootstrapPauseFirst;
    base::Instant names_at_ = base::Instant::never();
    base::Duration names_pause_ = kNamePauseFirst;
    std::deque<std::string> to_resolve_;
};

}  // namespace qe::node
