// SPDX-License-Identifier: Apache-2.0
//
// Judging what a peer claims to own against what everybody else owns.
#pragma once

#include <vector>

#include "node/node_state.h"

namespace qe::node {

struct RefusedClaim {
    net::Prefix prefix;
    ClaimVerdict verdict = ClaimVerdict::NotConfigured;
};
struct ClaimsOutcome {
    std::vector<net::Prefix> accepted;
    std::vector<RefusedClaim> refused;
};

/// Judges each claimed address and subnet of `peer` by judge_claim().
[[nodiscard]] ClaimsOutcome judge_claims(const NodeState& state, PeerHandle peer,
                                         const Claims& claims);

/// Holds peers to what they may own: what they claim goes into the routing table or is refused.
class ClaimKeeper {
  public:
    explicit ClaimKeeper(NodeState& state) : state_(state) {}

    /// Replaces what a peer claims.
    void take(base::Instant now, PeerHandle peer, const Claims& claims);
    /// Judges a peer's last claims anew, after a reload.
    void judge_again(base::Instant now, PeerHandle peer);
    /// Puts what the peer owns into the routing table: its configured subnets, its accepted claims,
    /// and in place of an address it has not named yet the one derived from its NodeId.
    void install(PeerHandle peer);
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

  private:
    NodeState& state_;
    std::uint64_t refused_ = 0;  ///< Claims, since the start.
};

/// The prefixes a peer's NodeId gives it inside our overlay prefixes.
[[nodiscard]] std::vector<net::Prefix> derived_prefixes(const crypto::NodeId& id,
                                                        const OwnPrefixes& own);

/// Our own overlay addresses (with overlay prefix lengths) and subnets: the addresses are those of
/// our network, or without one from config and NodeId.
[[nodiscard]] OwnPrefixes own_prefixes(const NodeState& state);

}  // namespace qe::node
