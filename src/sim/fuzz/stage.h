// SPDX-License-Identifier: Apache-2.0
//
// FuzzStage: the world of a fuzz run with all that watches it and acts in it. Private to
// src/sim/fuzz.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "sim/checker.h"
#include "sim/fuzz/fuzz_run.h"
#include "sim/fuzz/meddler.h"
#include "sim/fuzz/plan.h"
#include "sim/scenario/director.h"
#include "sim/trace.h"
#include "sim/traffic/flow.h"

namespace qe::sim {

class FuzzStage {
  public:
    explicit FuzzStage(std::uint64_t seed);

    [[nodiscard]] tl::expected<void, std::string> build();
    void run();
    void report(FuzzReport& out) const;
    [[nodiscard]] const Trace& trace() const noexcept { return trace_; }
    [[nodiscard]] base::Instant began() const noexcept { return began_; }
    [[nodiscard]] std::vector<std::string> host_names() const;

  private:
    void configure_subnets();
    void perform(const Fault& fault);
    void say(const std::string& what);
    /// False when a checker objects before that.
    bool run_for(base::Duration duration);
    [[nodiscard]] bool objected() const;
    void stop_faults();
    void restore_links();
    void wait_for_convergence();
    void ping_everybody();
    [[nodiscard]] bool can_talk(HostId a, HostId b);
    void judge_flows();
    void object(std::string checker, std::string what);

    FuzzPlan plan_;
    World world_;
    base::Instant began_;
    Trace trace_;
    Director director_;
    Meddler meddler_;
    std::vector<std::unique_ptr<Checker>> checkers_;
    std::vector<std::unique_ptr<Flow>> flows_;
    std::vector<std::unique_ptr<Flow>> pings_;
    std::map<std::string, LinkOptions> good_links_;
    std::optional<base::Duration> convergence_;
    std::vector<CheckerFinding> own_findings_;
};

}  // namespace qe::sim
