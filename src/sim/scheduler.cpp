// SPDX-License-Identifier: Apache-2.0
#include "sim/scheduler.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace qe::sim {

void Scheduler::at(base::Instant when, Action action) {
    heap_.push_back({std::max(when, now_), scheduled_++, keep(std::move(action))});
    std::push_heap(heap_.begin(), heap_.end(), later);
}

bool Scheduler::step(base::Instant limit) {
    if (heap_.empty() || heap_.front().when > limit) {
        now_ = std::max(now_, limit);
        return false;
    }
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Event event = heap_.back();
    heap_.pop_back();
    now_ = event.when;
    ++events_run_;
    take(event.slot)();
    return true;
}

bool Scheduler::later(const Event& a, const Event& b) noexcept {
    return std::tie(a.when, a.number) > std::tie(b.when, b.number);
}

std::uint32_t Scheduler::keep(Action action) {
    if (free_slots_.empty()) {
        actions_.push_back(std::move(action));
        return static_cast<std::uint32_t>(actions_.size() - 1);
    }
    const std::uint32_t slot = free_slots_.back();
    free_slots_.pop_back();
    actions_[slot] = std::move(action);
    return slot;
}

Scheduler::Action Scheduler::take(std::uint32_t slot) {
    free_slots_.push_back(slot);
    return std::exchange(actions_[slot], nullptr);
}

}  // namespace qe::sim
