// SPDX-License-Identifier: Apache-2.0
#include "quic/stream.h"

#include <algorithm>

#include "quicether/base/assert.h"

namespace qe::quic {

void StreamSender::append(base::ByteView bytes, bool fin) {
    QE_ASSERT(!finished_);
    if (!bytes.empty()) {
        chunks_.emplace_back(bytes.begin(), bytes.end());
        held_bytes_ += bytes.size();
        unsent_bytes_ += bytes.size();
    }
    finished_ = fin;
}

std::size_t StreamSender::unsent(Vectors& out) const noexcept {
    std::size_t skip = front_offset_ + (held_bytes_ - unsent_bytes_);
    std::size_t count = 0;
    for (const base::Bytes& chunk : chunks_) {
        if (skip >= chunk.size()) {
            skip -= chunk.size();
            continue;
        }
        if (count == out.size()) {
            break;
        }
        // ngtcp2 only reads, but its vector is shared with interfaces that write.
        auto* const base = reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(chunk.data()));
        out[count++] = {.base = base + skip, .len = chunk.size() - skip};
        skip = 0;
    }
    return count;
}

void StreamSender::on_sent(std::size_t bytes, bool fin_taken) noexcept {
    unsent_bytes_ -= std::min(bytes, unsent_bytes_);
    fin_sent_ = fin_sent_ || fin_taken;
}

void StreamSender::on_acknowledged(std::size_t bytes) noexcept {
    bytes = std::min(bytes, held_bytes_ - unsent_bytes_);
    held_bytes_ -= bytes;
    front_offset_ += bytes;
    while (!chunks_.empty() && front_offset_ >= chunks_.front().size()) {
        front_offset_ -= chunks_.front().size();
        chunks_.pop_front();
    }
}

void StreamSender::abandon() noexcept {
    // The chunks stay until the stream is closed: ngtcp2 may still refer to them in a frame that it
    // will drop only when it next looks at it.
    unsent_bytes_ = 0;
    finished_ = true;
    fin_sent_ = true;
}

}  // namespace qe::quic
