// SPDX-License-Identifier: Apache-2.0
#include "quic/datagram_queue.h"

#include <algorithm>
#include <cstring>

#include "quicether/base/assert.h"

namespace qe::quic {
namespace {

constexpr std::size_t kFirstCapacity = 16U << 10;

std::size_t total(std::span<const base::ByteView> parts) noexcept {
    std::size_t size = 0;
    for (const base::ByteView part : parts) {
        size += part.size();
    }
    return size;
}

}  // namespace

DatagramQueue::Header DatagramQueue::header_at(std::size_t offset) const noexcept {
    Header header;
    std::memcpy(&header, ring_.get() + offset, kHeader);
    return header;
}

void DatagramQueue::write_header(std::size_t offset, Header header) noexcept {
    std::memcpy(ring_.get() + offset, &header, kHeader);
}

// Free space is one run (tail before head) or two (tail after head: to the end, then to the head).
// tail == head with entries means full; a record is never split.
bool DatagramQueue::fits(std::size_t record) const noexcept {
    if (entries_ == 0) {
        return record <= capacity_;
    }
    if (tail_ > head_) {
        return capacity_ - tail_ >= record || head_ >= record;
    }
    return head_ - tail_ >= record;
}

bool DatagramQueue::make_room(std::size_t record) {
    if (entries_ == 0) {
        head_ = tail_ = 0;
    }
    if (!fits(record) && !grow(record)) {
        return false;
    }
    if (tail_ >= head_ && capacity_ - tail_ < record) {
        if (capacity_ - tail_ >= kHeader) {
            write_header(tail_, {.length = kSkip});
        }
        tail_ = 0;
    }
    return true;
}

bool DatagramQueue::grow(std::size_t record) {
    std::size_t capacity = std::max(capacity_, kFirstCapacity / 2);
    const std::size_t needed = payload_bytes_ + entries_ * kHeader + record;
    do {
        capacity *= 2;
    } while (capacity < needed);
    if (capacity_ >= 2 * bytes_max_) {
        return false;
    }
    auto ring = std::make_unique<std::byte[]>(capacity);
    std::size_t used = 0;
    for (std::size_t left = entries_; left > 0; --left) {
        skip_to_start();
        const std::size_t size = kHeader + length_at(head_);
        std::memcpy(ring.get() + used, ring_.get() + head_, size);
        used += size;
        head_ += size;
    }
    ring_ = std::move(ring);
    capacity_ = capacity;
    head_ = 0;
    tail_ = used;
    return true;
}

void DatagramQueue::skip_to_start() noexcept {
    if (capacity_ - head_ < kHeader || length_at(head_) == kSkip) {
        head_ = 0;
    }
}

bool DatagramQueue::push(std::span<const base::ByteView> parts, std::uint32_t token) {
    const std::size_t size = total(parts);
    if (payload_bytes_ + size > bytes_max_ || !make_room(kHeader + size)) {
        return false;
    }
    write_header(tail_, {.length = static_cast<std::uint32_t>(size), .token = token});
    std::size_t at = tail_ + kHeader;
    for (const base::ByteView part : parts) {
        if (!part.empty()) {
            std::memcpy(ring_.get() + at, part.data(), part.size());
            at += part.size();
        }
    }
    tail_ = at;
    ++entries_;
    payload_bytes_ += size;
    return true;
}

base::ByteView DatagramQueue::front() const noexcept {
    QE_ASSERT(entries_ > 0);
    return {ring_.get() + head_ + kHeader, length_at(head_)};
}

std::uint32_t DatagramQueue::front_token() const noexcept {
    QE_ASSERT(entries_ > 0);
    return header_at(head_).token;
}

void DatagramQueue::pop() noexcept {
    QE_ASSERT(entries_ > 0);
    const std::size_t size = length_at(head_);
    payload_bytes_ -= size;
    --entries_;
    head_ += kHeader + size;
    if (entries_ > 0) {
        skip_to_start();
    }
}

void DatagramQueue::clear() noexcept { head_ = tail_ = entries_ = payload_bytes_ = 0; }

}  // namespace qe::quic
