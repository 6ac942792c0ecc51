// SPDX-License-Identifier: Apache-2.0
//
// ConnectionQueue: connections that wait for their turn, first in, first out.
//
// A ring that doubles when it is full and is kept: std::deque would allocate a block every 64
// entries for ever, and one of these queues sees every packet. Unbounded by itself: its owner lists
// a connection once.
#pragma once

#include <cstddef>
#include <vector>

#include "quicether/quic/types.h"

namespace qe::quic {

class ConnectionQueue {
  public:
    void push(ConnectionHandle connection) {
        if (size_ == ring_.size()) {
            grow();
        }
        ring_[place(size_++)] = connection;
    }
    /// Precondition: not empty.
    [[nodiscard]] ConnectionHandle front() const noexcept { return ring_[first_]; }
    /// Precondition: not empty.
    void pop() noexcept {
        first_ = place(1);
        --size_;
    }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  private:
    static constexpr std::size_t kSizeMin = 16;

    /// The size of the ring is a power of two.
    [[nodiscard]] std::size_t place(std::size_t position) const noexcept {
        return (first_ + position) & (ring_.size() - 1);
    }

    void grow() {
        std::vector<ConnectionHandle> larger(ring_.empty() ? kSizeMin : 2 * ring_.size());
        for (std::size_t i = 0; i < size_; ++i) {
            larger[i] = ring_[place(i)];
        }
        ring_.swap(larger);
        first_ = 0;
    }

    std::vector<ConnectionHandle> ring_;
    std::size_t first_ = 0;
    std::size_t size_ = 0;
};

}  // namespace qe::quic
