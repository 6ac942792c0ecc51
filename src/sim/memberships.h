// SPDX-License-Identifier: Apache-2.0
//
// Memberships: who is in the network that a scenario's hosts have made, as whoever made them join
// and revoked them knows it. Beside what configurations list, it is what hosts trust each other by.
//
// There is at most one network in a world. Who has joined stays a member over crashes: its disk
// knows.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>

#include "quicether/base/time.h"
#include "sim/packet.h"

namespace qe::sim {

class Memberships {
  public:
    /// Networks of more members connect on demand (docs/operations/networks.md).
    static constexpr std::size_t kFullMeshMax = 32;

    void add(HostId host) { members_.insert(host); }
    /// An admin has revoked it; others hear of it later.
    void revoke(HostId host, base::Instant now) { revoked_.try_emplace(host, now); }

    [[nodiscard]] bool empty() const noexcept { return members_.empty(); }
    [[nodiscard]] const std::set<HostId>& members() const noexcept { return members_; }
    [[nodiscard]] bool has(HostId host) const { return members_.contains(host); }
    [[nodiscard]] const std::map<HostId, base::Instant>& revoked() const noexcept {
        return revoked_;
    }
    [[nodiscard]] bool is_valid(HostId host) const { return has(host) && !revoked_.contains(host); }
    /// Both are members, and none of them is revoked.
    [[nodiscard]] bool together(HostId a, HostId b) const { return is_valid(a) && is_valid(b); }

  private:
    std::set<HostId> members_;  ///< Those that have been revoked included.
    std::map<HostId, base::Instant> revoked_;
};

}  // namespace qe::sim
