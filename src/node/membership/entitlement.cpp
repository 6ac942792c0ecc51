// SPDX-License-Identifier: Apache-2.0
#include "node/membership/entitlement.h"

#include <algorithm>

namespace qe::node {
namespace {

bool covered(const std::vector<net::Prefix>& prefixes, const net::Prefix& claim) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&claim](const net::Prefix& p) { return p.contains(claim); });
}

bool overlaps_ours(const OwnPrefixes& own, const net::Prefix& claim) {
    const auto holds_address = [&claim](const net::Prefix& p) {
        return claim.contains(p.address());
    };
    const auto same_or_inside = [&claim](const net::Prefix& p) { return p.contains(claim); };
    // A claim that is wider than our subnet is a less specific route and harms nobody.
    return (claim.is_host() &&
            std::any_of(own.overlay.begin(), own.overlay.end(), holds_address)) ||
           std::any_of(own.subnets.begin(), own.subnets.end(), same_or_inside);
}

}  // namespace

std::string_view to_text(ClaimVerdict verdict) noexcept {
    switch (verdict) {
        case ClaimVerdict::Accepted:
            return "accepted";
        case ClaimVerdict::OverlapsOurs:
            return "overlaps our own addresses or subnets";
        case ClaimVerdict::NotConfigured:
            return "not among the subnets configured for this peer";
        case ClaimVerdict::OutsideOverlay:
            return "outside the overlay prefix";
        case ClaimVerdict::ConfiguredForOther:
            return "configured for another peer";
        case ClaimVerdict::HeldByOther:
            return "held by another peer";
    }
    return "unknown";
}

ClaimVerdict judge_claim(const net::Prefix& claim, const Entitlement& peer, const OwnPrefixes& own,
                         const ClaimContext& context) {
    if (overlaps_ours(own, claim)) {
        return ClaimVerdict::OverlapsOurs;
    }
    if (covered(peer.configured, claim)) {
        return ClaimVerdict::Accepted;
    }
    if (context.configured_for_other) {
        return ClaimVerdict::ConfiguredForOther;
    }
    const bool derived = covered(peer.derived, claim);
    if (!derived && (!peer.configured.empty() || !claim.is_host())) {
        return ClaimVerdict::NotConfigured;
    }
    const bool inside = std::any_of(own.overlay.begin(), own.overlay.end(),
                                    [&claim](const net::Prefix& p) { return p.contains(claim); });
    if (!derived && !inside) {
        return ClaimVerdict::OutsideOverlay;
    }
    return context.held_by_smaller_id ? ClaimVerdict::HeldByOther : ClaimVerdict::Accepted;
}

}  // namespace qe::node
