// SPDX-License-Identifier: Apache-2.0
//
// Guard: how many datagrams are looked at and how many queries answered, by source address, by its
// subnet and in all.
//
// A fixed number of Rates per kind, found by a keyed hash in two rows (a count-min sketch): a
// source is refused only when its cells of both rows are used up, so a few floods do not silence
// others, and no number of sources costs more memory. The key is drawn anew now and then, hence
// nobody shares cells with a flood for long. The narrow limits come first: what one source has too
// much is not taken from all. Also knows which addresses were proven to be no forgeries.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dht/rate.h"
#include "quicether/base/rng.h"
#include "quicether/dht/config.h"
#include "quicether/net/ip_address.h"

namespace qe::dht {

/// Two rows of Rates under one limit. Memory is taken with the first use.
class RateSketch {
  public:
    RateSketch(const RateLimit& limit, std::size_t cells) noexcept;

    [[nodiscard]] bool take(base::Instant now, std::uint64_t hash);
    void clear() noexcept { cells_.clear(); }

  private:
    RateLimit limit_;
    std::size_t row_size_;
    std::vector<Rate> cells_;
};

/// Known: we expect an answer from there, or the address is proven. No flood of strangers takes
/// what such a node is due.
enum class Standing : std::uint8_t { Stranger, Known };

/// Three limits in one.
class SourceGate {
  public:
    struct Hashes {
        std::uint64_t source;
        std::uint64_t subnet;
    };

    SourceGate(const SourceLimits& limits, std::size_t cells) noexcept;

    [[nodiscard]] bool take(base::Instant now, const Hashes& hashes, Standing standing);
    void forget_sources() noexcept;

  private:
    RateSketch known_;  ///< Apart, because many strangers fill the cells of all sources.
    RateSketch sources_;
    RateSketch subnets_;
    RateLimit total_limit_;
    Rate total_;
};

class Guard {
  public:
    Guard(const GuardLimits& limits, base::Rng& rng) noexcept;

    /// Whether a datagram from there may cost the time to look at it; counts it.
    [[nodiscard]] bool hears(base::Instant now, const net::SocketAddress& from, Standing standing);
    /// Whether a query from there may be answered now; counts it.
    [[nodiscard]] bool admits(base::Instant now, const net::SocketAddress& from, Standing standing);

    /// It answered a query of ours or echoed a token: packets sent to it reach it.
    void handle_validated(base::Instant now, const net::SocketAddress& endpoint);
    [[nodiscard]] bool is_validated(base::Instant now, const net::SocketAddress& endpoint) const;

  private:
    struct Validated {
        net::SocketAddress endpoint;
        base::Instant until;
    };

    void change_key(base::Instant now);
    [[nodiscard]] std::uint64_t hash(std::uint64_t value) const noexcept;
    [[nodiscard]] SourceGate::Hashes hashes_of(const net::IpAddress& ip) const noexcept;

    base::Rng& rng_;
    SourceGate heard_;
    SourceGate answered_;
    std::array<std::uint64_t, 2> key_;
    base::Instant key_until_;
    std::size_t validated_max_;
    std::vector<Validated> validated_;
};

}  // namespace qe::dht
