// SPDX-License-Identifier: Apache-2.0
//
// Ring: first in, first out, in one block of memory that grows and is kept. std::deque allocates a
// chunk for every few packets that pass through it.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "quicether/base/assert.h"

namespace qe::sim {

template <typename T>
class Ring {
  public:
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] T& front() {
        QE_ASSERT(size_ > 0);
        return slots_[first_];
    }

    void push(T value) {
        if (size_ == slots_.size()) {
            grow();
        }
        slots_[(first_ + size_) & (slots_.size() - 1)] = std::move(value);
        ++size_;
    }

    [[nodiscard]] T pop() {
        T value = std::move(front());
        first_ = (first_ + 1) & (slots_.size() - 1);
        --size_;
        return value;
    }

  private:
    /// The number of slots stays a power of two.
    void grow() {
        std::vector<T> larger(slots_.empty() ? 4 : 2 * slots_.size());
        for (std::size_t i = 0; i < size_; ++i) {
            larger[i] = std::move(slots_[(first_ + i) & (slots_.size() - 1)]);
        }
        slots_ = std::move(larger);
        first_ = 0;
    }

    std::vector<T> slots_;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

}  // namespace qe::sim
