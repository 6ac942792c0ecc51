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

    [[nodiscard]] Grant next(std::span<const PathView> paths) noexcept override {
        Grant grant{0, std::numeric_limits<std::size_t>::max()};
        for (const PathView& view : paths) {
            if (view.room != 0) {
                grant.paths = static_cast<PathSet>(grant.paths | set_of(view.path));
                grant.bytes = std::min(grant.bytes, view.room);
            }
        }
        return grant.paths == 0 ? Grant{} : grant;
    }

    void handle_sent(PathIndex /*path*/, std::size_t /*bytes*/) noexcept override {}
};

}  // namespace

std::unique_ptr<Scheduler> make_redundant() { return std::make_unique<Redundant>(); }

}  // namespace qe::multipath
