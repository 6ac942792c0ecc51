// SPDX-License-Identifier: Apache-2.0
//
// Starter: how a node gets its first contacts, and gets some again after it lost all.
//
// It knows endpoints to begin with, and says when to look up the own neighbourhood from there: at
// once, and with growing pauses while no contact is left. After the first success it has the
// farther buckets filled, one lookup after the other.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "quicether/base/rng.h"
#include "quicether/base/time.h"
#include "quicether/net/ip_address.h"

namespace qe::dht {

class Starter {
  public:
    static constexpr std::size_t kEndpointsMax = 64;

    explicit Starter(base::Rng& rng) noexcept : rng_(rng) {}

    void add(base::Instant now, std::span<const net::SocketAddress> endpoints);

    /// Endpoints to begin with, when it is time to. A lookup from them must follow, and its end be
    /// told to handle_finished().
    [[nodiscard]] std::optional<std::vector<net::SocketAddress>> poll_start(base::Instant now,
                                                                            std::size_t contacts);
    /// The lookup of the start, or of a bucket, is over.
    void handle_finished(base::Instant now, std::size_t contacts, unsigned deepest_bucket);
    /// The prefix length of a bucket to fill, while there are any; the same rule holds.
    [[nodiscard]] std::optional<unsigned> poll_bucket();

    /// Nothing is left to be looked up.
    [[nodiscard]] bool is_done() const noexcept { return !running_ && buckets_left_ == 0; }

    [[nodiscard]] base::Instant next_deadline(std::size_t contacts) const noexcept;

  private:
    base::Rng& rng_;
    std::vector<net::SocketAddress> endpoints_;
    base::Instant next_ = base::Instant::never();
    unsigned failures_ = 0;
    unsigned buckets_left_ = 0;
    bool running_ = false;
    bool begun_ = false;  ///< The endpoints added last have been asked.
};

}  // namespace qe::dht
