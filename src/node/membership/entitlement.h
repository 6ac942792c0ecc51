// SPDX-License-Identifier: Apache-2.0
//
// Entitlement: what a peer may own in the overlay, decided from configuration and its NodeId.
//
//   always            the IPv6 and IPv4 addresses derived from its NodeId
//   with `subnets`    those prefixes and anything inside them, nothing else
//   without           one-address claims inside our overlay prefixes that no other peer is
//                     configured for; of two claimants the smaller NodeId keeps the address
//   never             our own addresses and subnets, or anything that contains them
//
// Decisions are values; the caller acts on them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "quicether/net/ip_address.h"

namespace qe::node {

enum class ClaimVerdict : std::uint8_t {
    Accepted,
    OverlapsOurs,    ///< One of our addresses or subnets.
    NotConfigured,   ///< Neither derived nor covered by the peer's configured subnets.
    OutsideOverlay,  ///< An address outside our overlay prefixes.
    ConfiguredForOther,
    HeldByOther,  ///< Another peer with a smaller NodeId claims it.
};
[[nodiscard]] std::string_view to_text(ClaimVerdict verdict) noexcept;

/// What this node itself holds.
struct OwnPrefixes {
    std::vector<net::Prefix> overlay;  ///< Our addresses with the overlay's prefix lengths.
    std::vector<net::Prefix> subnets;  ///< Advertised by us.
};

/// What one peer is entitled to before it says a word.
struct Entitlement {
    std::vector<net::Prefix> derived;     ///< Host prefixes from its NodeId.
    std::vector<net::Prefix> configured;  ///< `subnets` of its [[peer]] entry.
};

/// What the caller knows of a claimed prefix.
struct ClaimContext {
    bool configured_for_other = false;
    bool held_by_smaller_id = false;
};

[[nodiscard]] ClaimVerdict judge_claim(const net::Prefix& claim, const Entitlement& peer,
                                       const OwnPrefixes& own, const ClaimContext& context);

}  // namespace qe::node
