// SPDX-License-Identifier: Apache-2.0
//
// HostConfigurator: makes the TUN device's addresses and routes what the node's plan says.
//
// Declarative: each apply() reads what the kernel has, refuses what would take something from the
// host (overlap.h) and changes the rest of the difference (plan_diff.h). Nothing it does outlives
// the TUN device, which is not persistent, so no record of it has to be kept on disk; undo()
// removes everything explicitly all the same.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/failure.h"
#include "host/netlink.h"
#include "host/plan_diff.h"
#include "quicether/base/log.h"
#include "quicether/node/node.h"

namespace qe::host {

/// Problem key → sentence, e.g. "route 10.0.0.0/8".
using HostProblems = std::map<std::string, std::string>;

/// Packets and super-packets that may wait in the TUN device until they are read.
inline constexpr std::uint32_t kTunQueuePackets = 2000;

class HostConfigurator {
  public:
    /// `netlink` outlives this.
    HostConfigurator(Netlink& netlink, base::Log log) noexcept : netlink_(netlink), log_(log) {}

    /// Before anything is touched: refuses a plan whose addresses overlap the host's network, and
    /// removes routes that a crashed daemon left behind.
    [[nodiscard]] Checked<void> prepare(const node::HostPlan& plan);

    /// From now on changes go to this interface. Best effort: no address of the kernel's own.
    void adopt(std::uint32_t tun_index);

    /// Returns what could not be had, all of it; empty when the host is as planned.
    [[nodiscard]] HostProblems apply(const node::HostPlan& plan);

    /// Removes every address and route of the TUN device.
    void undo();

  private:
    void remove_leftovers(const HostNetwork& network);
    void apply_diff(const PlanDiff& diff, HostProblems& problems);
    void remove(const PlanDiff& diff);
    void add_addresses(const std::vector<net::Prefix>& addresses, HostProblems& problems);
    void add_routes(const std::vector<net::Prefix>& routes, HostProblems& problems);

    Netlink& netlink_;
    base::Log log_;
    std::uint32_t tun_index_ = 0;
};

/// True when a UDP socket can be bound to every one of these addresses right now.
[[nodiscard]] bool all_bindable(const std::vector<net::Prefix>& addresses) noexcept;

}  // namespace qe::host
