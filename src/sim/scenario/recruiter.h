// SPDX-License-Identifier: Apache-2.0
//
// Recruiter: has the hosts of a scenario found and join its overlay network, with the requests that
// an operator's commands make, and does what its admins do. World::memberships() hears of it.
//
// A host joins with an invite for many, as soon as its node and the admin's run; what fails is
// tried again.
#pragma once

#include <map>
#include <string>

#include "sim/scenario/scenario.h"
#include "sim/world.h"

namespace qe::sim {

class Recruiter {
  public:
    /// Both must outlive the world's last run.
    Recruiter(World& world, const Scenario& scenario) : world_(world), scenario_(scenario) {}

    /// The founder makes the network when it runs, and its members join.
    void begin();
    /// With an invite of `by`. `wished_name` may be empty: the host's.
    void join(HostId host, HostId by, const std::string& wished_name);
    void promote(HostId host, HostId by);
    void revoke(HostId host, HostId by);

  private:
    /// For many, from one admin.
    struct Invite {
        std::string token;
        std::uint32_t left = 0;  ///< Joining hosts that it may still be given to.
    };

    void found();
    [[nodiscard]] std::string invite_of(HostId admin);
    [[nodiscard]] std::string member_name(HostId admin, HostId host);
    void later(base::Duration pause, std::function<void()> what);
    void say(const std::string& what);

    World& world_;
    const Scenario& scenario_;
    std::map<HostId, Invite> invites_;      ///< By admin.
    std::map<HostId, std::string> tokens_;  ///< What each joining host was given.
};

}  // namespace qe::sim
