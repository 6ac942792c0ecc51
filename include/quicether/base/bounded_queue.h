// SPDX-License-Identifier: Apache-2.0
//
// BoundedQueue: first in, first out, with a bound and a count of what did not fit.
//
// A full queue refuses the newcomer (drop-tail). Storage grows up to the bound and is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>

#include "quicether/base/assert.h"

namespace qe::base {

template <typename T>
class BoundedQueue {
  public:
    explicit BoundedQueue(std::size_t entries_max) noexcept : entries_max_(entries_max) {}

    /// False, and counted, when the queue is full.
    bool push(T value) {
        if (items_.size() >= entries_max_) {
            ++dropped_;
            return false;
        }
        items_.push_back(std::move(value));
        return true;
    }

    [[nodiscard]] std::optional<T> pop() {
        if (items_.empty()) {
            return std::nullopt;
        }
        std::optional<T> value(std::move(items_.front()));
        items_.pop_front();
        return value;
    }

    [[nodiscard]] T& front() {
        QE_ASSERT(!items_.empty());
        return items_.front();
    }
    [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
    [[nodiscard]] std::size_t entries_max() const noexcept { return entries_max_; }
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
    void clear() noexcept { items_.clear(); }

  private:
    std::size_t entries_max_;
    std::deque<T> items_;
    std::uint64_t dropped_ = 0;
};

}  // namespace qe::base
