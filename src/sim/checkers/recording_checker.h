// SPDX-License-Identifier: Apache-2.0
//
// RecordingChecker: what all checkers have in common, a name and a bounded list of violations.
//
// The first kViolationsMax are kept: what follows the first is mostly the same again.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/checker.h"

namespace qe::sim {

class RecordingChecker : public Checker {
  public:
    static constexpr std::size_t kViolationsMax = 20;

    [[nodiscard]] std::string_view name() const noexcept final { return name_; }
    [[nodiscard]] const std::vector<Violation>& violations() const noexcept final {
        return violations_;
    }

  protected:
    /// `name` is a literal. The world must outlive the checker's last call.
    RecordingChecker(std::string_view name, World& world) : world_(world), name_(name) {}

    [[nodiscard]] World& world() const noexcept { return world_; }
    [[nodiscard]] base::Instant now() const noexcept { return world_.now(); }
    [[nodiscard]] const std::string& name_of(HostId id) const { return world_.host(id).name(); }
    [[nodiscard]] bool full() const noexcept { return violations_.size() >= kViolationsMax; }
    void object(std::string what) {
        if (!full()) {
            violations_.push_back({now(), std::move(what)});
        }
    }

  private:
    World& world_;
    std::string_view name_;
    std::vector<Violation> violations_;
};

}  // namespace qe::sim
