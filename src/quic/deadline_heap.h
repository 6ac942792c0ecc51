// SPDX-License-Identifier: Apache-2.0
//
// DeadlineHeap: the earliest deadline of many, each of which changes often.
//
// A binary heap that knows where every entry sits, so that moving one deadline costs O(log n) and
// ten thousand idle connections cost a packet nothing. Equal deadlines come out in the order of
// their index, which keeps runs reproducible. Entries are small dense integers (slot indices).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "quicether/base/time.h"

namespace qe::quic {

class DeadlineHeap {
  public:
    /// Sets, moves, or (with Instant::never()) removes the deadline of `index`.
    void set(std::uint32_t index, base::Instant deadline);
    void erase(std::uint32_t index) { set(index, base::Instant::never()); }

    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    /// never() when empty.
    [[nodiscard]] base::Instant next() const noexcept {
        return entries_.empty() ? base::Instant::never() : entries_.front().deadline;
    }
    /// Precondition: not empty.
    [[nodiscard]] std::uint32_t next_index() const noexcept { return entries_.front().index; }

  private:
    struct Entry {
        base::Instant deadline;
        std::uint32_t index = 0;
        friend auto operator<=>(const Entry&, const Entry&) = default;
    };
    static constexpr std::uint32_t kAbsent = UINT32_MAX;

    void place(std::size_t position, const Entry& entry) noexcept;
    void sift_up(std::size_t position) noexcept;
    void sift_down(std::size_t position) noexcept;
    void remove_at(std::size_t position) noexcept;

    std::vector<Entry> entries_;
    std::vector<std::uint32_t> positions_;  ///< By index; kAbsent when not in the heap.
};

}  // namespace qe::quic
