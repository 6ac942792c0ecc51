// SPDX-License-Identifier: Apache-2.0
//
// Weighted: stride scheduling (Waldspurger and Weihl, 1995). Each path has a pass that advances by
// bytes over weight as it sends; the lowest pass is next. Only differences of passes matter: the
// lowest one shown is zero.
#include <algorithm>
#include <array>

#include "quicether/multipath/scheduler.h"

namespace qe::multipath {

namespace {

/// A grant is what the path carries in this time, so that a second's shares are exact to a percent
/// and a fast path is not asked about for each datagram.
constexpr double kGrantSeconds = 0.005;
constexpr double kGrantBytesMax = 64.0 * 1024;

class Weighted final : public Scheduler {
  public:
    [[nodiscard]] std::string_view name() const noexcept override { return "weighted"; }

    [[nodiscard]] PathSet uses(std::span<const PathView> paths) const noexcept override {
        return set_of(paths);
    }
    [[nodiscard]] Discipline discipline() const noexcept override { return Discipline::Turns; }
    [[nodiscard]] std::string_view reason_against() const noexcept override { return ""; }
    [[nodiscard]] Grant next(std::span<const PathView> paths) noexcept override {
        const bool configured = std::any_of(paths.begin(), paths.end(),
                                            [](const PathView& view) { return view.weight > 0; });
        set_shares(paths, configured ? &PathView::weight : &PathView::rate);
        admit(paths);
        const PathView* turn = nullptr;
        for (const PathView& view : paths) {
            const bool eligible = configured || view.room != 0;
            if (eligible && (turn == nullptr || passes_[view.path] < passes_[turn->path])) {
                turn = &view;
            }
        }
        if (turn == nullptr || turn->room == 0) {
            return {};
        }
        pass_over(paths, passes_[turn->path]);
        return {set_of(turn->path), grant_bytes(paths, *turn)};
    }

    void handle_sent(PathIndex path, std::size_t bytes) noexcept override {
        if (contains(shown_, path)) {
            passes_[path] += static_cast<double>(bytes) / shares_[path];
        }
    }

  private:
    /// Shares of the paths shown, which add up to one.
    void set_shares(std::span<const PathView> paths, double PathView::*figure) noexcept {
        double sum = 0;
        double known = 0;
        for (const PathView& view : paths) {
            if (view.*figure > 0) {
                sum += view.*figure;
                ++known;
            }
        }
        const double mean = known == 0 ? 1 : sum / known;
        const double total = mean * static_cast<double>(paths.size());
        for (const PathView& view : paths) {
            shares_[view.path] = (view.*figure > 0 ? view.*figure : mean) / total;
        }
    }

    /// Lets newcomers begin level with the lowest of those that stayed, and counts from there.
    void admit(std::span<const PathView> paths) noexcept {
        const PathView* lowest = nullptr;
        PathSet shown = 0;
        for (const PathView& view : paths) {
            shown = static_cast<PathSet>(shown | set_of(view.path));
            if (contains(shown_, view.path) &&
                (lowest == nullptr || passes_[view.path] < passes_[lowest->path])) {
                lowest = &view;
            }
        }
        const double base = lowest == nullptr ? 0 : passes_[lowest->path];
        for (const PathView& view : paths) {
            double& pass = passes_[view.path];
            pass = contains(shown_, view.path) ? pass - base : 0;
        }
        shown_ = shown;
    }

    /// Who has no room at its turn does not save the turn up.
    void pass_over(std::span<const PathView> paths, double pass) noexcept {
        for (const PathView& view : paths) {
            passes_[view.path] = std::max(passes_[view.path], pass);
        }
    }

    [[nodiscard]] std::size_t grant_bytes(std::span<const PathView> paths,
                                          const PathView& turn) const noexcept {
        double rate = 0;
        for (const PathView& view : paths) {
            rate += view.rate;
        }
        const double bytes = std::min(rate * shares_[turn.path] * kGrantSeconds, kGrantBytesMax);
        return std::clamp(static_cast<std::size_t>(bytes), Grant::kOneDatagram, turn.room);
    }

    std::array<double, kPathsMax> passes_{};
    std::array<double, kPathsMax> shares_{};
    PathSet shown_ = 0;
};

}  // namespace

std::unique_ptr<Scheduler> make_weighted() { return std::make_unique<Weighted>(); }

}  // namespace qe::multipath
