// SPDX-License-Identifier: Apache-2.0
#include "quic/deadline_heap.h"

namespace qe::quic {

void DeadlineHeap::set(std::uint32_t index, base::Instant deadline) {
    if (index >= positions_.size()) {
        positions_.resize(std::size_t{index} + 1, kAbsent);
    }
    const std::uint32_t position = positions_[index];
    if (deadline.is_never()) {
        if (position != kAbsent) {
            remove_at(position);
        }
        return;
    }
    if (position == kAbsent) {
        entries_.push_back({deadline, index});
        positions_[index] = static_cast<std::uint32_t>(entries_.size() - 1);
        sift_up(entries_.size() - 1);
        return;
    }
    const bool earlier = deadline < entries_[position].deadline;
    entries_[position].deadline = deadline;
    if (earlier) {
        sift_up(position);
    } else {
        sift_down(position);
    }
}

void DeadlineHeap::place(std::size_t position, const Entry& entry) noexcept {
    entries_[position] = entry;
    positions_[entry.index] = static_cast<std::uint32_t>(position);
}

void DeadlineHeap::sift_up(std::size_t position) noexcept {
    const Entry entry = entries_[position];
    while (position > 0) {
        const std::size_t parent = (position - 1) / 2;
        if (entries_[parent] <= entry) {
            break;
        }
        place(position, entries_[parent]);
        position = parent;
    }
    place(position, entry);
}

void DeadlineHeap::sift_down(std::size_t position) noexcept {
    const Entry entry = entries_[position];
    for (;;) {
        std::size_t child = 2 * position + 1;
        if (child >= entries_.size()) {
            break;
        }
        if (child + 1 < entries_.size() && entries_[child + 1] < entries_[child]) {
            ++child;
        }
        if (entry <= entries_[child]) {
            break;
        }
        place(position, entries_[child]);
        position = child;
    }
    place(position, entry);
}

void DeadlineHeap::remove_at(std::size_t position) noexcept {
    positions_[entries_[position].index] = kAbsent;
    const Entry last = entries_.back();
    entries_.pop_back();
    if (position == entries_.size()) {
        return;
    }
    place(position, last);
    sift_up(position);
    sift_down(positions_[last.index]);
}

}  // namespace qe::quic
