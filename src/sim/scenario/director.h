// SPDX-License-Identifier: Apache-2.0
//
// Director: does to a world what a scenario's timeline says, and tells the observers of it.
#pragma once

#include <string>

#include "sim/scenario/recruiter.h"
#include "sim/scenario/scenario.h"
#include "sim/world.h"

namespace qe::sim {

class Director {
  public:
    /// Both must outlive the world's last run.
    Director(World& world, const Scenario& scenario)
        : world_(world), scenario_(scenario), recruiter_(world, scenario) {}

    /// Schedules all actions. Precondition: the world was just built.
    void begin();
    /// Does one thing now.
    void perform(const Change& change);

  private:
    // One for each alternative of Change.
    void apply(const SetLink& change);
    void apply(const Flap& change);
    void apply(const Carrier& change);
    void apply(const Partition& change);
    void apply(const Block& change);
    void apply(const Heal& change);
    void apply(const Start& change);
    void apply(const Crash& change);
    void apply(const Leave& change);
    void apply(const Suspend& change);
    void apply(const Resume& change);
    void apply(const Move& change);
    void apply(const RebindNat& change);
    void apply(const SetDisk& change);
    void apply(const Join& change);
    void apply(const Promote& change);
    void apply(const Revoke& change);

    void start(HostId id);
    void set_carrier(HostId id, const std::string& interface, bool up);
    void ramp(const std::string& link, const LinkOptions& from, const LinkOptions& to,
              base::Duration over);
    void say(const std::string& what);

    World& world_;
    const Scenario& scenario_;
    Recruiter recruiter_;
};

}  // namespace qe::sim
