// SPDX-License-Identifier: Apache-2.0
//
// BufferPool: buffers of datagrams between two uses.
//
// The one used last goes out first, so a few warm buffers serve a steady load. What would bring the
// spare ones above the bound is given back to the system: a burst pins no memory for ever.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "quicether/base/bytes.h"

namespace qe::multipath {

class BufferPool {
  public:
    explicit BufferPool(std::size_t spare_bytes_max) noexcept : spare_bytes_max_(spare_bytes_max) {}

    /// Empty; with the capacity of its last use if there was one.
    [[nodiscard]] base::Bytes take() noexcept {
        if (spare_.empty()) {
            return {};
        }
        base::Bytes buffer = std::move(spare_.back());
        spare_.pop_back();
        spare_bytes_ -= buffer.capacity();
        buffer.clear();
        return buffer;
    }
    void give(base::Bytes buffer) {
        const std::size_t bytes = buffer.capacity();
        if (bytes != 0 && spare_bytes_ + bytes <= spare_bytes_max_) {
            spare_bytes_ += bytes;
            spare_.push_back(std::move(buffer));
        }
    }

  private:
    std::size_t spare_bytes_max_;
    std::size_t spare_bytes_ = 0;
    std::vector<base::Bytes> spare_;
};

}  // namespace qe::multipath
