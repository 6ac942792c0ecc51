// SPDX-License-Identifier: Apache-2.0
//
// Redundant: a copy on every path that has room.
#include <algorithm>
#include <limits>

#include "quicether/multipath/scheduler.h"

namespace qe::multipath {

namespace {

class Redundant final : public Scheduler {
  public:
    [[nodiscard]] std::string_view name() const noexcept override { return "redundant"; }

    [[nodiscard]] PathSet uses(std::span<const PathView> paths) const noexcept override {
        return set_of(paths);
    }
    [[nodiscard]] Discipline discipline() const noexcept override { return Discipline::Copies; }
    [[nodiscard]] std::string_view reason_against() const noexcept override { return ""; }
    [[nodiscard]] Grant next(std::span<const PathView> paths) noexcept override {
        Grant grant{0, std::numeric_limits<std::size_t>::max()};
        bool any_room = false;
        for (const PathView& view : paths) {
            if (view.room != 0 || view.copies_may_wait) {
                grant.paths = static_cast<PathSet>(grant.paths | set_of(view.path));
            }
            if (view.room != 0) {
                grant.bytes = std::min(grant.bytes, view.room);
                any_room = true;
            }
        }
        return any_room ? grant : Grant{};
    }

    void handle_sent(PathIndex /*path*/, std::size_t /*bytes*/) noexcept override {}
};

}  // namespace

std::unique_ptr<Scheduler> make_redundant() { return std::make_unique<Redundant>(); }

}  // namespace qe::multipath
