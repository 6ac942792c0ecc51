// SPDX-License-Identifier: Apache-2.0
//
// BucketPool: short lists of prefixes, most of them within one cache line.
//
// A bucket holds at most 16 items of 8 bytes, the longest prefix first, so that the first match is
// the longest. All buckets lie in one array, in blocks of 1, 2, 4, 8 or 16 items that are aligned
// to their own size; room not used is filled with items that match everything and name no entry, so
// that a search needs no length. A bucket's number tells its place and room; updates change it.
// Blocks are halved on demand and never joined again.
//
// It knows prefixes only as 31 bits from some bit on: what is longer is marked kPartial and has to
// be compared with the whole key by the owner, who also keeps the order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "quicether/route/prefix_key.h"

namespace qe::route {

/// No entry number.
inline constexpr std::uint32_t kNoEntry = 0x7fff'ffff;

struct BucketItem {
    /// In an entry: `word` is not the whole rest of the prefix.
    static constexpr std::uint32_t kPartial = std::uint32_t{1} << 31;

    /// The prefix's bits from the bucket's position on, at most 31, then a one, then zeros.
    std::uint32_t word = 0;
    std::uint32_t entry = kNoEntry;

    /// `key` reaches at least to bit `from`.
    [[nodiscard]] static BucketItem of(const PrefixKey& key, unsigned from,
                                       std::uint32_t entry) noexcept;
    /// `window` are the address's 32 bits from the bucket's position on.
    [[nodiscard]] bool matches(std::uint32_t window) const noexcept {
        return ((word ^ window) & (0U - 2 * end())) == 0;
    }
    /// The one behind the bits, of less weight the longer the prefix; 0 in unused items.
    [[nodiscard]] std::uint32_t end() const noexcept { return word & (0U - word); }
    [[nodiscard]] bool is_partial() const noexcept { return (entry & kPartial) != 0; }

    friend bool operator==(const BucketItem&, const BucketItem&) = default;
};

class BucketPool {
  public:
    static constexpr std::size_t kItemsMax = 16;
    /// The lower bits of a bucket's number are the binary logarithm of its room.
    static constexpr unsigned kRoomBits = 3;
    /// The empty bucket, shared by all who need one.
    static constexpr std::uint32_t kEmpty = 0;

    BucketPool();

    /// All items with the unused room behind them.
    [[nodiscard]] std::span<const BucketItem> items(std::uint32_t bucket) const noexcept {
        return {at(bucket), room(bucket)};
    }
    /// How many of them are in use.
    [[nodiscard]] std::size_t size(std::uint32_t bucket) const noexcept;

    /// These return the bucket's new number; the old one is void. At most kItemsMax items.
    [[nodiscard]] std::uint32_t make(std::span<const BucketItem> items);
    /// Puts the item before the one at `position`.
    [[nodiscard]] std::uint32_t insert(std::uint32_t bucket, std::size_t position, BucketItem item);
    [[nodiscard]] std::uint32_t erase(std::uint32_t bucket, std::size_t position);
    void release(std::uint32_t bucket);

  private:
    static constexpr unsigned kRooms = 5;  ///< 1, 2, 4, 8, 16.
    struct alignas(64) Line {
        std::array<BucketItem, 8> items;
    };

    [[nodiscard]] static std::size_t room(std::uint32_t bucket) noexcept {
        return std::size_t{1} << (bucket & ((1U << kRoomBits) - 1));
    }
    [[nodiscard]] const BucketItem* at(std::uint32_t bucket) const noexcept {
        const std::size_t item = bucket >> kRoomBits;
        return lines_[item / 8].items.data() + item % 8;
    }
    [[nodiscard]] BucketItem* at(std::uint32_t bucket) noexcept {
        const std::size_t item = bucket >> kRoomBits;
        return lines_[item / 8].items.data() + item % 8;
    }
    [[nodiscard]] std::uint32_t take(unsigned room_log);

    std::vector<Line> lines_;
    std::array<std::vector<std::uint32_t>, kRooms> free_;
};

}  // namespace qe::route
