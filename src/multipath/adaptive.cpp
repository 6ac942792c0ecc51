// SPDX-License-Identifier: Apache-2.0
//
// Adaptive: stripes over the paths of a group in proportion to the rate that each allows.
//
// Not the quickest first: the others would get what is left over in spurts, and BBR takes the rate
// of spurts for the path's and leaves it slowly. Flows without a backlog wait for the quickest path
// in any case (Outbound).
//
// Which paths make a group, and which flow goes by which group, says FlowPlacer: within a group a
// flow loses little by the slowest path, so all of them are used.
#include <algorithm>
#include <array>

#include "quicether/multipath/scheduler.h"

namespace qe::multipath {
namespace {

class Adaptive final : public Scheduler {
  public:
    [[nodiscard]] std::string_view name() const noexcept override { return "adaptive"; }

    [[nodiscard]] PathSet uses(std::span<const PathView> paths) const noexcept override {
        return set_of(paths);
    }
    [[nodiscard]] std::string_view reason_against() const noexcept override { return ""; }
    [[nodiscard]] Discipline discipline() const noexcept override { return Discipline::Groups; }

    [[nodiscard]] Grant next(std::span<const PathView> paths) noexcept override {
        std::array<PathView, kPathsMax> views{};
        const std::size_t count = std::min(paths.size(), views.size());
        std::copy_n(paths.begin(), count, views.begin());
        for (PathView& view : views) {
            view.weight = 0;
        }
        return shares_->next(std::span(views).first(count));
    }

    void handle_sent(PathIndex path, std::size_t bytes) noexcept override {
        shares_->handle_sent(path, bytes);
    }

  private:
    std::unique_ptr<Scheduler> shares_ = make_weighted();
};

}  // namespace

std::unique_ptr<Scheduler> make_adaptive() { return std::make_unique<Adaptive>(); }

}  // namespace qe::multipath
