// SPDX-License-Identifier: Apache-2.0
//
// Checker: an observer that objects. Each watches one thing that must hold whatever a scenario does
// to the world; a run with a violation has failed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/observer.h"
#include "sim/world.h"

namespace qe::sim {

struct Violation {
    base::Instant when;
    std::string what;  ///< One sentence: what happened, where, and what should have.
};

class Checker : public Observer {
  public:
    /// Lower-case words joined by hyphens, e.g. "no-route-loop".
    [[nodiscard]] virtual std::string_view name() const noexcept = 0;
    /// In order of time. Bounded by the checker.
    [[nodiscard]] virtual const std::vector<Violation>& violations() const noexcept = 0;
    /// The run is over: judge what can only be judged now.
    virtual void finish(World& /*world*/) {}
};

}  // namespace qe::sim
