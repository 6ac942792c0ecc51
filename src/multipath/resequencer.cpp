// SPDX-License-Identifier: Apache-2.0
#include "quicether/multipath/resequencer.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "quicether/base/assert.h"

namespace qe::multipath {

namespace {

constexpr std::uint32_t kWordBits = 64;
constexpr std::uint32_t kSlotsMin = 64;
/// Between calls at most a window waits, and an arrival reaches at most a window further.
constexpr std::uint32_t kSlotsMax = 2 * Resequencer::kWindow;

constexpr std::uint64_t bit_of(Sequence sequence) noexcept {
    return std::uint64_t{1} << (sequence.value() % kWordBits);
}
constexpr std::size_t word_of(Sequence sequence) noexcept {
    return sequence.value() % Resequencer::kWindow / kWordBits;
}

}  // namespace

static_assert((Sequence::kMask + 1) % kSlotsMax == 0, "the rings do not fit the circle");

Resequencer::Resequencer(bool ordered, std::size_t bytes_max)
    : ordered_(ordered), bytes_max_(bytes_max), pool_(bytes_max) {}

Arrival Resequencer::arrive(base::Instant now, Sequence sequence, base::ByteView bytes) {
    if (!begun_ || is_restart(now, sequence)) {
        restart(sequence.value() < kOpening ? Sequence() : sequence);
    }
    const std::int32_t ahead = sequence.distance_from(next_);
    if (ahead < -static_cast<std::int32_t>(kWindow)) {
        ++counters_.stale;
        return Arrival::Drop;
    }
    near_at_ = now;
    if (ahead < 0) {
        return arrive_behind(sequence);
    }
    return ordered_ ? arrive_ordered(now, sequence, bytes)
                    : arrive_loose(sequence, static_cast<std::uint32_t>(ahead));
}

std::optional<base::MutableBytes> Resequencer::pop(base::Instant now) {
    if (held_ == 0) {
        return std::nullopt;
    }
    if (!is_held(next_)) {
        if (!must_go_on(now)) {
            return std::nullopt;
        }
        give_up_gap();
    }
    pool_.give(std::move(handed_out_));
    Slot& taken = slot(next_);
    handed_out_ = std::move(taken.bytes);
    taken.held = false;
    --held_;
    bytes_held_ -= handed_out_.size();
    ++counters_.waited;
    pass(true);
    forget_delivered();
    return base::MutableBytes(handed_out_);
}

base::Instant Resequencer::next_deadline() const noexcept {
    return waiting_.empty() ? base::Instant::never() : waiting_.front().came_at + patience_;
}

bool Resequencer::is_restart(base::Instant now, Sequence sequence) const noexcept {
    constexpr auto kReach = static_cast<std::int32_t>(kWindow);
    // From the highest seen: how much is missing before it does not matter.
    if (sequence.distance_from(end_) >= kReach) {
        return true;
    }
    return sequence.distance_from(next_) < -kReach && now - near_at_ >= kRestartAfter;
}

void Resequencer::restart(Sequence first) noexcept {
    if (begun_) {
        ++counters_.restarts;
    }
    begun_ = true;
    for (; !waiting_.empty(); waiting_.pop()) {
        const Sequence sequence = waiting_.front().sequence;
        if (is_held(sequence)) {
            slot(sequence).held = false;
            pool_.give(std::move(slot(sequence).bytes));
            ++counters_.discarded;
        }
    }
    held_ = 0;
    bytes_held_ = 0;
    seen_.assign(kWindow / kWordBits, 0);
    next_ = first;
    end_ = first;
}

Arrival Resequencer::arrive_behind(Sequence sequence) noexcept {
    if (is_seen(sequence)) {
        ++counters_.duplicates;
        return Arrival::Drop;
    }
    mark(sequence, true);
    ++counters_.late;
    return Arrival::Deliver;
}

Arrival Resequencer::arrive_loose(Sequence sequence, std::uint32_t ahead) noexcept {
    for (std::uint32_t i = 0; i < ahead; ++i) {
        pass(false);
    }
    pass(true);
    end_ = sequence.next();
    ++counters_.in_order;
    return Arrival::Deliver;
}

Arrival Resequencer::arrive_ordered(base::Instant now, Sequence sequence, base::ByteView bytes) {
    if (held_ != 0 && is_held(sequence)) {
        ++counters_.duplicates;
        return Arrival::Drop;
    }
    if (sequence.distance_from(end_) >= 0) {
        end_ = sequence.next();
    }
    if (sequence != next_) {
        hold(now, sequence, bytes);
        return Arrival::Held;
    }
    pass(true);
    ++counters_.in_order;
    return Arrival::Deliver;
}

void Resequencer::hold(base::Instant now, Sequence sequence, base::ByteView bytes) {
    const auto reach = static_cast<std::uint32_t>(sequence.distance_from(next_)) + 1;
    QE_ASSERT(reach <= kSlotsMax);
    if (reach > slots_.size()) {
        grow_slots(reach);
    }
    Slot& place = slot(sequence);
    place.bytes = pool_.take();
    place.bytes.assign(bytes.begin(), bytes.end());
    place.held = true;
    ++held_;
    bytes_held_ += bytes.size();
    waiting_.push({sequence, now});
}

void Resequencer::grow_slots(std::uint32_t reach) {
    std::vector<Slot> larger(std::bit_ceil(std::max(reach, kSlotsMin)));
    for (std::uint32_t i = 0; i < slots_.size(); ++i) {
        const Sequence sequence = next_.next(i);
        larger[sequence.value() & (larger.size() - 1)] = std::move(slot(sequence));
    }
    slots_.swap(larger);
}

/// Passes what is missing before the first that waits.
void Resequencer::give_up_gap() noexcept {
    while (!is_held(next_)) {
        pass(false);
        ++counters_.gaps;
    }
}

/// Keeps the front of the waiting ones a waiting one.
void Resequencer::forget_delivered() noexcept {
    while (!waiting_.empty() && !is_held(waiting_.front().sequence)) {
        waiting_.pop();
    }
}

bool Resequencer::must_go_on(base::Instant now) const noexcept {
    return now >= next_deadline() || bytes_held_ > bytes_max_ ||
           end_.distance_from(next_) > static_cast<std::int32_t>(kWindow);
}

Resequencer::Slot& Resequencer::slot(Sequence sequence) noexcept {
    return slots_[sequence.value() & (slots_.size() - 1)];
}

/// Of those that were within reach when they came: others share the ring's places with them.
bool Resequencer::is_held(Sequence sequence) const noexcept {
    const std::int32_t ahead = sequence.distance_from(next_);
    return ahead >= 0 && static_cast<std::size_t>(ahead) < slots_.size() &&
           slots_[sequence.value() & (slots_.size() - 1)].held;
}

bool Resequencer::is_seen(Sequence sequence) const noexcept {
    return (seen_[word_of(sequence)] & bit_of(sequence)) != 0;
}

/// Moves on by one number.
void Resequencer::pass(bool delivered) noexcept {
    mark(next_, delivered);
    next_ = next_.next();
}

void Resequencer::mark(Sequence sequence, bool delivered) noexcept {
    std::uint64_t& word = seen_[word_of(sequence)];
    word = delivered ? word | bit_of(sequence) : word & ~bit_of(sequence);
}

}  // namespace qe::multipath
