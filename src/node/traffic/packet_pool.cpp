// SPDX-License-Identifier: Apache-2.0
#include "node/traffic/packet_pool.h"

#include "quicether/base/assert.h"

namespace qe::node {

namespace {

std::uint8_t class_for(std::size_t size) noexcept {
    std::uint8_t size_class = 0;
    while (size > PacketPool::kSlotBytes[size_class]) {
        ++size_class;
    }
    return size_class;
}

}  // namespace

PacketSlot PacketPool::take(std::size_t size) {
    QE_ASSERT(size <= kSlotBytes.back());
    const std::uint8_t size_class = class_for(size);
    if (bytes_used_ + kSlotBytes[size_class] > bytes_max_) {
        return {};
    }
    SizeClass& slots = classes_[size_class];
    if (slots.free.empty()) {
        add_chunk(size_class);
    }
    const PacketSlot slot{.index = slots.free.back(), .size_class = size_class};
    slots.free.pop_back();
    slots.taken[slot.index] = 1;
    bytes_used_ += kSlotBytes[size_class];
    return slot;
}

void PacketPool::release(PacketSlot slot) noexcept {
    SizeClass& slots = classes_[slot.size_class];
    QE_ASSERT(slot.index < slots.taken.size() && slots.taken[slot.index] == 1);
    slots.taken[slot.index] = 0;
    slots.free.push_back(slot.index);
    bytes_used_ -= kSlotBytes[slot.size_class];
}

base::MutableBytes PacketPool::bytes(PacketSlot slot) noexcept {
    const std::size_t size = kSlotBytes[slot.size_class];
    const std::size_t at = slot.index * size;
    return {classes_[slot.size_class].chunks[at / kChunkBytes].get() + at % kChunkBytes, size};
}

void PacketPool::add_chunk(std::uint8_t size_class) {
    SizeClass& slots = classes_[size_class];
    const auto first = static_cast<std::uint32_t>(slots.taken.size());
    const auto count = static_cast<std::uint32_t>(kChunkBytes / kSlotBytes[size_class]);
    // Not cleared: pages nobody writes to cost nothing.
    slots.chunks.push_back(std::make_unique_for_overwrite<std::byte[]>(kChunkBytes));
    slots.taken.resize(first + count);
    slots.free.reserve(first + count);
    for (std::uint32_t i = count; i > 0; --i) {
        slots.free.push_back(first + i - 1);
    }
}

}  // namespace qe::node
