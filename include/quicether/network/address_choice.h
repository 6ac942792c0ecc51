// SPDX-License-Identifier: Apache-2.0
//
// Which overlay IPv4 address a member takes, and who of several claimants holds one.
//
// Each member draws candidates from its NodeId and claims, in its record, the first that nobody
// else claims. Of two claimants of one address the smaller NodeId holds it, and the other moves to
// its next free candidate. Nobody moves for another reason, so addresses survive restarts,
// partitions and the comings and goings of others; after a partition only the larger NodeId of each
// clash moves. The smallest NodeId never moves, then the next smallest no more, and so on: it ends.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "quicether/base/result.h"
#include "quicether/network/directory.h"

namespace qe::network {

/// The candidate of one attempt, a host of `network` (docs/protocol/overlay.md has the formula;
/// the caller passes the function that computes it).
using DeriveAddress = base::Result<net::IpAddress> (*)(const net::Prefix& network,
                                                       base::ByteView node_id,
                                                       std::uint32_t attempt) noexcept;

/// Who claims what, by the records of the members. A change costs the logarithm of the claimants of
/// one address, whatever the size of the network.
class AddressClaims {
  public:
    AddressClaims() = default;
    /// All claims inside the network's IPv4 prefix, but not those of `except` (ourselves).
    AddressClaims(const Directory& directory, const crypto::NodeId& except);

    /// Instead of what it claimed before.
    void add(const net::IpAddress& address, const crypto::NodeId& claimant);
    /// Replaces all that one claims. Returns the others for whom that decides anew who holds their
    /// address: at most the two who held it or hold it now.
    std::vector<crypto::NodeId> set(const crypto::NodeId& claimant,
                                    const std::optional<net::IpAddress>& address);
    /// The claimant that holds it: the smallest NodeId. Null when nobody claims it.
    [[nodiscard]] const crypto::NodeId* holder(const net::IpAddress& address) const;

  private:
    std::unordered_map<net::IpAddress, std::set<crypto::NodeId>> claimants_;
    std::unordered_map<crypto::NodeId, net::IpAddress> claims_;
};

struct AddressRules {
    net::Prefix network;
    DeriveAddress derive = nullptr;
    /// Addresses that the host or its networks use otherwise.
    std::unordered_set<net::IpAddress> in_use;
    /// Networks of the host: an address in one is taken only if there is no other, but kept.
    std::vector<net::Prefix> avoid;

    /// A host of the network: not its first or last address, in networks wider than /24 none that
    /// ends in .0 or .255 either (some hosts refuse them), and not in use.
    [[nodiscard]] bool is_usable(const net::IpAddress& address) const;
    [[nodiscard]] bool is_avoided(const net::IpAddress& address) const;
};

/// `current` if it may be kept, else the next free candidate; after many taken ones any free
/// address, and after that one to be avoided. `claims` must not have our own. Errors: kBadPrefix,
/// kQueueFull (none is free).
[[nodiscard]] base::Result<net::IpAddress> choose_address(const crypto::NodeId& own,
                                                          std::optional<net::IpAddress> current,
                                                          const AddressClaims& claims,
                                                          const AddressRules& rules);

}  // namespace qe::network
