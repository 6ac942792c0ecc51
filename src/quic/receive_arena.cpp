// SPDX-License-Identifier: Apache-2.0
#include "quic/receive_arena.h"

#include <cstring>

namespace qe::quic {

bool ReceiveArena::push(ConnectionHandle connection, base::ByteView datagram, bool early) {
    if (datagram.size() > kChunkBytes || entries_.size() >= kEntriesMax) {
        return false;
    }
    if (used_ + datagram.size() > kChunkBytes) {
        if (chunk_ + 1 >= kChunksMax) {
            return false;
        }
        ++chunk_;
        used_ = 0;
    }
    if (chunk_ >= chunks_.size()) {
        chunks_.push_back(std::make_unique<std::byte[]>(kChunkBytes));
    }
    std::byte* const at = chunks_[chunk_].get() + used_;
    if (!datagram.empty()) {
        std::memcpy(at, datagram.data(), datagram.size());
    }
    used_ += datagram.size();
    entries_.push_back({connection, {at, datagram.size()}, early});
    return true;
}

void ReceiveArena::clear() noexcept {
    entries_.clear();
    chunk_ = 0;
    used_ = 0;
}

}  // namespace qe::quic
