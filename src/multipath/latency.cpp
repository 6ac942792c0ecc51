// SPDX-License-Identifier: Apache-2.0
//
// Latency: the quickest path, and the next quickest for what does not fit.
#include <algorithm>

#include "quicether/multipath/scheduler.h"

namespace qe::multipath {

namespace {

class Latency final : public Scheduler {
  public:
    explicit Latency(base::Duration threshold) noexcept : threshold_(threshold) {}

    [[nodiscard]] std::string_view name() const noexcept override { return "latency"; }

    [[nodiscard]] PathSet uses(std::span<const PathView> paths) const noexcept override {
        base::Duration shortest = base::Duration::max();
        for (const PathView& view : paths) {
            shortest = std::min(shortest, view.rtt);
        }
        PathSet set = 0;
        for (const PathView& view : paths) {
            if (threshold_ == base::Duration::zero() || view.rtt - shortest <= threshold_) {
                set = static_cast<PathSet>(set | set_of(view.path));
            }
        }
        return set;
    }
    [[nodiscard]] Discipline discipline() const noexcept override {
        return Discipline::QuickestFirst;
    }
    [[nodiscard]] std::string_view reason_against() const noexcept override {
        return "its round trip exceeds the shortest one by more than the threshold";
    }
    [[nodiscard]] Grant next(std::span<const PathView> paths) noexcept override {
        base::Duration shortest = base::Duration::max();
        const PathView* best = nullptr;
        for (const PathView& view : paths) {
            shortest = std::min(shortest, view.rtt);
            if (view.room != 0 && (best == nullptr || is_quicker(view, *best))) {
                best = &view;
            }
        }
        const bool near = best != nullptr && (threshold_ == base::Duration::zero() ||
                                              best->rtt - shortest <= threshold_);
        return near ? Grant{set_of(best->path), best->room} : Grant{};
    }

    void handle_sent(PathIndex /*path*/, std::size_t /*bytes*/) noexcept override {}

  private:
    base::Duration threshold_;
};

}  // namespace

std::unique_ptr<Scheduler> make_latency(base::Duration threshold) {
    return std::make_unique<Latency>(threshold);
}

}  // namespace qe::multipath
