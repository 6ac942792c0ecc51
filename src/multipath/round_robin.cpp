// SPDX-License-Identifier: Apache-2.0
//
// Round robin: the path behind the one that sent last, in a circle, and none but it.
#include <algorithm>
#include <optional>

#include "quicether/multipath/scheduler.h"

namespace qe::multipath {

namespace {

class RoundRobin final : public Scheduler {
  public:
    [[nodiscard]] std::string_view name() const noexcept override { return "round_robin"; }

    [[nodiscard]] PathSet uses(std::span<const PathView> paths) const noexcept override {
        return set_of(paths);
    }
    [[nodiscard]] Discipline discipline() const noexcept override { return Discipline::Turns; }
    [[nodiscard]] std::string_view reason_against() const noexcept override { return ""; }
    [[nodiscard]] Grant next(std::span<const PathView> paths) noexcept override {
        const auto behind = std::find_if(paths.begin(), paths.end(), [this](const PathView& view) {
            return sent_last_ && view.path > *sent_last_;
        });
        const PathView& turn = behind == paths.end() ? paths.front() : *behind;
        return turn.room == 0 ? Grant{} : Grant{set_of(turn.path), Grant::kOneDatagram};
    }

    void handle_sent(PathIndex path, std::size_t /*bytes*/) noexcept override { sent_last_ = path; }

  private:
    std::optional<PathIndex> sent_last_;
};

}  // namespace

std::unique_ptr<Scheduler> make_round_robin() { return std::make_unique<RoundRobin>(); }

}  // namespace qe::multipath
