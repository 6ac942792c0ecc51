// SPDX-License-Identifier: Apache-2.0
//
// Scheduler: the virtual clock and everything that is still to happen.
//
// Events run in order of time; those of one time in the order in which they were scheduled, so that
// a run depends on nothing but its inputs. Time stands still while an event runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "quicether/base/time.h"

namespace qe::sim {

class Scheduler {
  public:
    using Action = std::function<void()>;

    [[nodiscard]] base::Instant now() const noexcept { return now_; }

    /// Runs `action` at `when`, or after what is already due if that has passed.
    void at(base::Instant when, Action action);
    void after(base::Duration delay, Action action) { at(now_ + delay, std::move(action)); }

    /// Runs the next event if it is due by `limit`, moving the clock to it. False when there is
    /// none: the clock then stands at `limit`.
    bool step(base::Instant limit);
    void run_until(base::Instant limit) {
        while (step(limit)) {
        }
    }

    [[nodiscard]] std::uint64_t events_run() const noexcept { return events_run_; }
    [[nodiscard]] std::size_t events_waiting() const noexcept { return heap_.size(); }

  private:
    /// Small, because the heap moves it about; the action waits in a slot.
    struct Event {
        base::Instant when;
        std::uint64_t number;
        std::uint32_t slot;
    };
    static bool later(const Event& a, const Event& b) noexcept;
    [[nodiscard]] std::uint32_t keep(Action action);
    [[nodiscard]] Action take(std::uint32_t slot);

    base::Instant now_ = base::Instant::from_nanoseconds(1'000'000'000);
    std::vector<Event> heap_;
    std::vector<Action> actions_;
    std::vector<std::uint32_t> free_slots_;
    std::uint64_t scheduled_ = 0;
    std::uint64_t events_run_ = 0;
};

}  // namespace qe::sim
