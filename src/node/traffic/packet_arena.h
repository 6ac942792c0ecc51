// SPDX-License-Identifier: Apache-2.0
//
// PacketArena: short-lived packet bytes, all released at once, their memory kept for the next
// batch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "quicether/base/bytes.h"

namespace qe::node {

class PacketArena {
  public:
    static constexpr std::size_t kChunkSize = 128U << 10;
    static constexpr std::size_t kChunksMax = 32;

    /// Room for `size` bytes (<= 65,535) until clear(); empty when the arena is full.
    [[nodiscard]] base::MutableBytes allocate(std::size_t size) {
        if (chunk_ < chunks_.size() && used_ + size > kChunkSize) {
            ++chunk_;
            used_ = 0;
        }
        if (chunk_ == chunks_.size()) {
            if (chunks_.size() == kChunksMax || size > kChunkSize) {
                return {};
            }
            chunks_.push_back(std::make_unique<std::byte[]>(kChunkSize));
        }
        const base::MutableBytes room(chunks_[chunk_].get() + used_, size);
        used_ += size;
        return room;
    }

    /// A copy of `bytes`; empty when the arena is full.
    [[nodiscard]] base::MutableBytes copy(base::ByteView bytes) {
        const base::MutableBytes room = allocate(bytes.size());
        std::copy(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(room.size()),
                  room.begin());
        return room;
    }

    void clear() noexcept {
        chunk_ = 0;
        used_ = 0;
    }

  private:
    std::vector<std::unique_ptr<std::byte[]>> chunks_;
    std::size_t chunk_ = 0;
    std::size_t used_ = 0;
};

}  // namespace qe::node
