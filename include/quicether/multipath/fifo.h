// SPDX-License-Identifier: Apache-2.0
//
// Fifo: a first-in first-out ring that grows to what it has to hold and keeps that, so that it asks
// for no memory once warm (std::deque gives blocks back and asks anew).
//
// It has no bound of its own: whoever uses it says why it stays small.
#pragma once

#include <cstddef>
#include <vector>

#include "quicether/base/assert.h"

namespace qe::multipath {

template <typename T>
class Fifo {
  public:
    void push(const T& value) {
        if (count_ == ring_.size()) {
            grow();
        }
        ring_[(first_ + count_++) & (ring_.size() - 1)] = value;
    }
    [[nodiscard]] const T& front() const noexcept {
        QE_ASSERT(count_ != 0);
        return ring_[first_];
    }
    void pop() noexcept {
        QE_ASSERT(count_ != 0);
        first_ = (first_ + 1) & (ring_.size() - 1);
        --count_;
    }
    void clear() noexcept { count_ = 0; }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return count_; }

  private:
    static constexpr std::size_t kSizeMin = 16;

    void grow() {
        std::vector<T> larger(ring_.empty() ? kSizeMin : 2 * ring_.size());
        for (std::size_t i = 0; i < count_; ++i) {
            larger[i] = ring_[(first_ + i) & (ring_.size() - 1)];
        }
        ring_.swap(larger);
        first_ = 0;
    }

    std::vector<T> ring_;  ///< A power of two.
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

}  // namespace qe::multipath
