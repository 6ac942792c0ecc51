// SPDX-License-Identifier: Apache-2.0
//
// PacketPool: room for the packets inside a link. It grows in blocks and never shrinks; a packet is
// read into its slot and written from there, hence never copied. The bound is
// LinkModel::kInsideMax.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace qe::linkemu {

class PacketPool {
  public:
    explicit PacketPool(std::size_t slot_bytes) : slot_bytes_(slot_bytes) {}

    [[nodiscard]] std::uint32_t acquire() {
        if (free_.empty()) {
            grow();
        }
        const std::uint32_t slot = free_.back();
        free_.pop_back();
        return slot;
    }
    void release(std::uint32_t slot) { free_.push_back(slot); }

    [[nodiscard]] std::span<std::byte> room(std::uint32_t slot) noexcept {
        std::byte* block = blocks_[slot / kBlockSlots].get();
        return {block + slot % kBlockSlots * slot_bytes_, slot_bytes_};
    }
    /// What was read into the slot.
    void set_size(std::uint32_t slot, std::size_t bytes) noexcept { sizes_[slot] = bytes; }
    [[nodiscard]] std::span<const std::byte> packet(std::uint32_t slot) noexcept {
        return room(slot).first(sizes_[slot]);
    }

  private:
    static constexpr std::uint32_t kBlockSlots = 256;

    void grow() {
        const auto first = static_cast<std::uint32_t>(sizes_.size());
        blocks_.push_back(std::make_unique<std::byte[]>(kBlockSlots * slot_bytes_));
        sizes_.resize(sizes_.size() + kBlockSlots);
        for (std::uint32_t i = kBlockSlots; i > 0; --i) {
            free_.push_back(first + i - 1);
        }
    }

    std::size_t slot_bytes_;
    std::vector<std::unique_ptr<std::byte[]>> blocks_;
    std::vector<std::size_t> sizes_;
    std::vector<std::uint32_t> free_;
};

}  // namespace qe::linkemu
