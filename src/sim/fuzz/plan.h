// SPDX-License-Identifier: Apache-2.0
//
// FuzzPlan: a random world and what will be done to it, all of it decided by a seed before the
// world begins. The world is a Scenario; what scenarios cannot say stands beside it.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "sim/scenario/scenario.h"

namespace qe::sim {

/// `subnets` of the [[peer]] entry of `peer` at `host`.
struct ConfiguredSubnets {
    HostId host = 0;
    HostId peer = 0;
    std::vector<net::Prefix> subnets;
};

/// Sends captured datagrams once more.
struct Replay {
    std::size_t count = 1;
    bool handshakes = false;     ///< Only those with a long header.
    bool from_stranger = false;  ///< From an address that nobody has, else from where they came.
    std::size_t flipped_bits = 0;
    HostId through = 0;  ///< Whose access link a stranger's are put into.
};
/// Random bytes to a host's port.
struct Garbage {
    std::size_t count = 1;
    HostId to = 0;
    HostId through = 0;
};
/// IP packets whose source the host does not have, or to addresses that nobody has.
struct StrayPackets {
    std::size_t count = 1;
    HostId from = 0;
    HostId to = 0;
    bool foreign_source = true;  ///< Else a foreign destination.
};
/// An echo request to an address in a subnet that `to` advertises.
struct VisitSubnet {
    HostId from = 0;
    HostId to = 0;
};
/// `host` does not list `peer` for a while.
struct DropPeer {
    HostId host = 0;
    HostId peer = 0;
    base::Duration lasts{0};
};

using Meddling = std::variant<Replay, Garbage, StrayPackets, VisitSubnet, DropPeer>;

struct Fault {
    base::Duration when{0};
    std::string what;
    std::variant<Change, Meddling> deed;
};

struct FuzzPlan {
    Scenario scenario;  ///< Without actions and bounds.
    std::string shape;  ///< "mesh", "some", "hub", "two hubs".
    std::vector<ConfiguredSubnets> subnets;
    std::vector<Fault> faults;  ///< In order of time; all are over by `faults_end`.
    base::Duration faults_end{0};
    std::vector<bool> stays_away;  ///< For each host: it is not started again, if it stopped.
};

[[nodiscard]] FuzzPlan make_plan(std::uint64_t seed);

}  // namespace qe::sim
