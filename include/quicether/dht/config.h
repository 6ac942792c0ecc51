// SPDX-License-Identifier: Apache-2.0
//
// DhtConfig: all that a Dht is told once. The defaults are those of a private swarm of up to about
// a thousand nodes; `wide()` is for more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "quicether/base/time.h"
#include "quicether/crypto/mac.h"
#include "quicether/dht/contact.h"

namespace qe::dht {

/// How many contacts of one neighbourhood of addresses are taken. A subnet is a /24 (IPv4) or /64
/// (IPv6), a network a /16 or /48: what one attacker has cheaply.
struct DiversityLimits {
    std::uint16_t per_subnet_in_bucket = 2;
    std::uint16_t per_network_in_table = 16;
    std::uint16_t per_subnet_in_lookup = 2;
    /// Private, loopback and link-local addresses are not limited: whole swarms live in one LAN.
    bool exempt_local = true;
};

/// Bounds of what is stored for others.
struct StoreLimits {
    std::size_t items_max = 1000;
    std::size_t items_per_subnet_max = 100;  ///< Stored by one /24 or /64.
    std::size_t hashes_max = 1000;           ///< Keys with announced peers.
    std::size_t peers_per_hash_max = 100;
    std::size_t peers_per_subnet_max = 200;  ///< Announced by one /24 or /64.
    base::seconds item_lifetime{2 * 3600};
    base::seconds peer_lifetime{30 * 60};
};

/// So many a second and so many at once, by where they come from. A subnet is a /24 or /64.
struct SourceLimits {
    std::uint32_t per_source_per_second = 0;
    std::uint32_t per_source_burst = 0;
    std::uint32_t per_subnet_per_second = 0;
    std::uint32_t per_subnet_burst = 0;
    std::uint32_t total_per_second = 0;
    std::uint32_t total_burst = 0;
};

/// What a flood gets out of a node. Who is known is limited by his address alone.
struct GuardLimits {
    /// Datagrams looked at, before their network MAC is verified.
    SourceLimits heard{200, 400, 2000, 2000, 20'000, 10'000};
    /// Queries answered.
    SourceLimits answered{20, 60, 100, 300, 3000, 3000};
    std::size_t cells = 2048;           ///< Memory: 34 bytes each.
    std::size_t validated_max = 128;    ///< Addresses remembered to be no forgeries.
    std::size_t held_answers_max = 16;  ///< Large answers that wait for such a proof.
};

struct DhtConfig {
    NodeId id;
    bool v4 = true;
    bool v6 = true;
    std::uint16_t bucket_size = 8;      ///< k: contacts per bucket, and nodes an item is stored on.
    std::uint16_t lookup_parallel = 3;  ///< α: queries in flight of one lookup.
    std::uint16_t lookup_paths = 2;     ///< d: disjoint ways to a target.
    std::uint16_t lookups_max = 8;      ///< At once; others wait.
    std::uint16_t lookups_queued_max = 64;
    std::uint16_t publications_max = 64;
    /// Endpoints outside the table that upkeep may contact per minute.
    std::uint32_t new_endpoints_per_minute = 30;
    base::seconds contact_lifetime{15 * 60};  ///< After it a silent contact is questionable.
    base::seconds refresh_interval{15 * 60};  ///< Between lookups of the own neighbourhood.
    /// Every message carries a MAC under this key, and any without is dropped. Absent: public mode.
    std::optional<crypto::MacKey> network_key;
    bool read_only = false;           ///< BEP 43: answers no queries and says so.
    bool require_secure_ids = false;  ///< BEP 42: only such nodes are stored on and read from.
    std::uint16_t address_votes = 3;  ///< Distinct subnets that must agree on our address.
    DiversityLimits diversity;
    StoreLimits store;
    GuardLimits guard;

    /// For large swarms: k = 20, on four paths.
    [[nodiscard]] DhtConfig wide() const noexcept {
        DhtConfig config = *this;
        config.bucket_size = 20;
        config.lookup_paths = 4;
        return config;
    }
    /// For swarms with many liars: eight paths, at about twice the queries of a lookup.
    [[nodiscard]] DhtConfig wary() const noexcept {
        DhtConfig config = *this;
        config.lookup_paths = 8;
        return config;
    }
};

/// Largest k.
inline constexpr std::size_t kBucketSizeMax = 20;

}  // namespace qe::dht
