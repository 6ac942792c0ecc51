// SPDX-License-Identifier: Apache-2.0
#include "dht/publications.h"

#include <algorithm>

namespace qe::dht {
namespace {

constexpr base::seconds kRetryPause{10};
constexpr unsigned kRetryDoublingsMax = 6;

}  // namespace

Publications::Publications(const DhtConfig& config, base::Rng& rng) noexcept
    : lifetimes_(config.store), max_(config.publications_max), rng_(rng) {}

Publications::Kept* Publications::find(const NodeId& target) noexcept {
    const auto found = std::ranges::find_if(
        kept_, [&](const Kept& kept) { return kept.operation.target == target; });
    return found == kept_.end() ? nullptr : &*found;
}

bool Publications::keep(base::Instant now, const Operation& operation) {
    Kept* kept = find(operation.target);
    if (kept == nullptr) {
        if (kept_.size() >= max_) {
            return false;
        }
        kept = &kept_.emplace_back();
    }
    *kept = Kept{operation, {}, false, 0, {}};
    // A condition holds for the first time only: afterwards the state is our own.
    kept->operation.cas.reset();
    kept->next = now + pause_of(*kept);
    return true;
}

base::Duration Publications::pause_of(const Kept& kept) {
    const bool announces = kept.operation.kind == OperationKind::Announce;
    base::Duration pause =
        base::Duration(announces ? lifetimes_.peer_lifetime : lifetimes_.item_lifetime) / 2;
    if (kept.failures > 0) {
        const unsigned doublings = std::min(kept.failures - 1, kRetryDoublingsMax);
        pause = std::min(pause, base::Duration(kRetryPause) * (1 << doublings));
    }
    // Up to a tenth sooner, so that what was published together does not stay together.
    const auto tenth = static_cast<std::uint64_t>((pause / 10).count());
    return pause - base::Duration(static_cast<std::int64_t>(rng_.below(tenth + 1)));
}

void Publications::handle_started(const NodeId& target, OperationId operation) noexcept {
    if (Kept* const kept = find(target)) {
        kept->running = operation;
    }
}

void Publications::handle_finished(base::Instant now, const StoreFinished& finished) noexcept {
    Kept* const kept = find(finished.target);
    if (kept == nullptr || kept->running != finished.operation) {
        return;
    }
    kept->failures = finished.accepted > 0 ? 0 : kept->failures + 1;
    kept->running = {};
    kept->repeated = false;
    kept->next = now + pause_of(*kept);
}

void Publications::withdraw(const NodeId& target) {
    std::erase_if(kept_, [&](const Kept& kept) { return kept.operation.target == target; });
}

std::optional<Operation> Publications::poll_due(base::Instant now) {
    const auto due = std::ranges::find_if(
        kept_, [&](const Kept& kept) { return kept.running == OperationId{} && kept.next <= now; });
    if (due == kept_.end()) {
        return std::nullopt;
    }
    due->repeated = true;
    due->next = now + base::Duration(kRetryPause);  // if it cannot be started
    return due->operation;
}

base::Instant Publications::next_deadline() const noexcept {
    base::Instant next = base::Instant::never();
    for (const Kept& kept : kept_) {
        next = kept.running == OperationId{} ? std::min(next, kept.next) : next;
    }
    return next;
}

bool Publications::repeats(OperationId operation) const noexcept {
    return std::ranges::any_of(
        kept_, [&](const Kept& kept) { return kept.repeated && kept.running == operation; });
}

}  // namespace qe::dht
