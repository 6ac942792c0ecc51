// SPDX-License-Identifier: Apache-2.0
//
// PacketPool: memory for packets that wait, in three sizes, bounded as a whole.
//
// A slot is taken and released in constant time; the last one released is the next one taken,
// because it is warm. Memory is allocated on first use and kept. Nobody but the owner of a slot
// touches it, so nothing is counted per reference.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "quicether/base/bytes.h"

namespace qe::node {

/// Names a slot; null by default.
struct PacketSlot {
    std::uint32_t index = UINT32_MAX;
    std::uint8_t size_class = 0;
    [[nodiscard]] bool is_null() const noexcept { return index == UINT32_MAX; }
    friend bool operator==(const PacketSlot&, const PacketSlot&) = default;
};

class PacketPool {
  public:
    /// Bytes of a slot by class. The largest holds any IP packet.
    static constexpr std::array<std::size_t, 3> kSlotBytes = {2048, 16U << 10, 64U << 10};

    explicit PacketPool(std::size_t bytes_max) noexcept : bytes_max_(bytes_max) {}

    /// A slot for `size` bytes (<= 64 KiB) of the smallest class that holds them; null when the
    /// pool's bound is met.
    [[nodiscard]] PacketSlot take(std::size_t size);
    /// Precondition: taken and not released since.
    void release(PacketSlot slot) noexcept;
    /// The whole slot. Not null.
    [[nodiscard]] base::MutableBytes bytes(PacketSlot slot) noexcept;

    /// Bytes of slots that are taken.
    [[nodiscard]] std::size_t bytes_used() const noexcept { return bytes_used_; }

  private:
    static constexpr std::size_t kChunkBytes = 256U << 10;

    /// All slots of one size.
    struct SizeClass {
        std::vector<std::unique_ptr<std::byte[]>> chunks;
        std::vector<std::uint32_t> free;  ///< A stack with room for every slot.
        std::vector<std::uint8_t> taken;  ///< By slot: 1 or 0.
    };

    void add_chunk(std::uint8_t size_class);

    std::array<SizeClass, kSlotBytes.size()> classes_;
    std::size_t bytes_max_;
    std::size_t bytes_used_ = 0;
};

}  // namespace qe::node
