// SPDX-License-Identifier: Apache-2.0
#include "quicether/route/bucket_pool.h"

#include <algorithm>
#include <bit>

#include "quicether/base/assert.h"

namespace qe::route {

namespace {

constexpr unsigned kWordBits = 31;

unsigned room_log_for(std::size_t count) noexcept {
    return count <= 1 ? 0 : static_cast<unsigned>(std::bit_width(count - 1));
}

}  // namespace

BucketItem BucketItem::of(const PrefixKey& key, unsigned from, std::uint32_t entry) noexcept {
    const unsigned rest = key.length - from;
    const auto window = static_cast<std::uint32_t>(key.bits_from(from) >> 32);
    if (rest > kWordBits) {
        return {window | 1U, entry | kPartial};
    }
    // Bits behind the length are zero.
    return {window | (1U << (kWordBits - rest)), entry};
}

BucketPool::BucketPool() : lines_(2) {}

std::size_t BucketPool::size(std::uint32_t bucket) const noexcept {
    const auto all = items(bucket);
    const auto unused = std::find_if(all.begin(), all.end(),
                                     [](const BucketItem& item) { return item.entry == kNoEntry; });
    return static_cast<std::size_t>(unused - all.begin());
}

std::uint32_t BucketPool::make(std::span<const BucketItem> items) {
    QE_ASSERT(items.size() <= kItemsMax);
    if (items.empty()) {
        return kEmpty;
    }
    const std::uint32_t bucket = take(room_log_for(items.size()));
    BucketItem* const place = at(bucket);
    std::fill(std::copy(items.begin(), items.end(), place), place + room(bucket), BucketItem());
    return bucket;
}

std::uint32_t BucketPool::insert(std::uint32_t bucket, std::size_t position, BucketItem item) {
    const std::size_t count = size(bucket);
    QE_ASSERT(count < kItemsMax && position <= count);
    if (bucket != kEmpty && count < room(bucket)) {
        BucketItem* const first = at(bucket);
        std::copy_backward(first + position, first + count, first + count + 1);
        first[position] = item;
        return bucket;
    }
    std::array<BucketItem, kItemsMax> all;
    const BucketItem* const old = at(bucket);
    auto* const end = std::copy_n(old, position, all.data());
    *end = item;
    std::copy(old + position, old + count, end + 1);
    release(bucket);
    return make(std::span(all).first(count + 1));
}

std::uint32_t BucketPool::erase(std::uint32_t bucket, std::size_t position) {
    const std::size_t count = size(bucket);
    QE_ASSERT(position < count);
    BucketItem* const first = at(bucket);
    std::copy(first + position + 1, first + count, first + position);
    first[count - 1] = BucketItem();
    if (room_log_for(count - 1) == room_log_for(count) && count > 1) {
        return bucket;
    }
    std::array<BucketItem, kItemsMax> all;
    std::copy_n(first, count - 1, all.data());
    release(bucket);
    return make(std::span(all).first(count - 1));
}

void BucketPool::release(std::uint32_t bucket) {
    if (bucket != kEmpty) {
        free_[bucket & ((1U << kRoomBits) - 1)].push_back(bucket);
    }
}

/// A block, from a larger one if there is none of its own size.
std::uint32_t BucketPool::take(unsigned room_log) {
    auto& free = free_[room_log];
    if (!free.empty()) {
        const std::uint32_t bucket = free.back();
        free.pop_back();
        return bucket;
    }
    if (room_log + 1 == kRooms) {
        const auto item = static_cast<std::uint32_t>(lines_.size() * 8);
        QE_ASSERT(item < 1U << (32 - kRoomBits));
        lines_.resize(lines_.size() + 2);
        return item << kRoomBits | room_log;
    }
    const std::uint32_t half = (take(room_log + 1) >> kRoomBits << kRoomBits) | room_log;
    free.push_back(half + (1U << (kRoomBits + room_log)));
    return half;
}

}  // namespace qe::route
