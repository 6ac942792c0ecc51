// SPDX-License-Identifier: Apache-2.0
//
// PrefixTrie: numbers prefixes of both families and finds the longest one around an address.
//
// A level-compressed and path-compressed trie (Nilsson, Karlsson: IP-Address Lookup Using LC-Tries,
// 1999) whose lower ends are buckets, as in a burst trie (Heinz, Zobel, Williams 2002). Up to 16
// prefixes are a bucket (bucket_pool.h). More of them share a level: it skips the bits that all
// have in common, decides by the next 4 to 18, and has for each of their values a slot
//
//   best   the longest prefix that ends within those bits and covers this value: the shorter
//          prefixes expanded (Srinivasan, Varghese 1999), so that no lookup goes back
//   below  what goes on behind: a bucket, or another level
//
// A level is as wide as its prefixes fill it: at least a quarter of the slots in use, no more slots
// than prefixes. A table of a hundred thousand is so one level of 2^16 slots and buckets of one or
// two prefixes: a lookup costs one slot and one bucket, for addresses and networks alike. `own`
// names what ends within a level by base index (2^bits + those bits); halving an index gives the
// next shorter prefix, which takes the slots over when a longer one goes.
//
// A level is rebuilt with all below it when it has twice or a quarter of the prefixes it was made
// for, which costs each update a constant in the mean. The rest touches one bucket, or the slots
// that a short prefix covers. What does not fit under the skipped bits gets a level of its own
// above. Returned references are valid until the next insert or erase. Unbounded: the owner counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "quicether/route/bucket_pool.h"
#include "quicether/route/prefix_key.h"

namespace qe::route {

class PrefixTrie {
  public:
    [[nodiscard]] std::size_t size() const noexcept { return keys_.size() - free_entries_.size(); }
    [[nodiscard]] const PrefixKey& key(std::uint32_t entry) const noexcept { return keys_[entry]; }

    /// The entry of the longest prefix that contains this whole address, or kNoEntry.
    [[nodiscard]] std::uint32_t find_longest(const PrefixKey& address) const noexcept;
    /// The entry of exactly this prefix, or kNoEntry.
    [[nodiscard]] std::uint32_t find_exact(const PrefixKey& key) const noexcept;
    /// The entry, and whether it is new. Numbers are below 2^31, as small as possible.
    std::pair<std::uint32_t, bool> insert(const PrefixKey& key);
    /// The entry that was removed and may come again, or kNoEntry.
    std::uint32_t erase(const PrefixKey& key);

    /// All entries: IPv4 before IPv6, by address, shorter before longer.
    [[nodiscard]] std::vector<std::uint32_t> sorted() const;

  private:
    /// A bucket's number, or a level's with kLevelTag in the lower bits.
    using Ref = std::uint32_t;
    struct Slot {
        Ref below = BucketPool::kEmpty;
        std::uint32_t best = kNoEntry;
    };
    /// Keys beside their entries while something is built: entries in order lie anywhere in memory.
    struct Keyed {
        PrefixKey key;
        std::uint32_t entry;
    };
    struct Level {
        PrefixKey base;  ///< The bits that all prefixes here share; its length is where it decides.
        unsigned stride = 0;
        std::size_t count = 0;       ///< Prefixes here and below.
        std::size_t count_made = 0;  ///< The same when it was built.
        std::unique_ptr<Slot[]> slots;
        std::unique_ptr<std::uint32_t[]> own;

        [[nodiscard]] unsigned end() const noexcept { return base.length + stride; }
        [[nodiscard]] std::size_t slot_of(const PrefixKey& key) const noexcept {
            return static_cast<std::size_t>(key.bits_from(base.length) >> (64 - stride));
        }
        /// `key` ends within this level.
        [[nodiscard]] std::size_t own_index(const PrefixKey& key) const noexcept;
        void paint(std::size_t index, std::uint32_t from, std::uint32_t to) noexcept;
        [[nodiscard]] std::uint32_t covering(std::size_t index) const noexcept;
    };

    static constexpr Ref kLevelTag = (1U << BucketPool::kRoomBits) - 1;
    static constexpr unsigned kStrideMin = 4;
    static constexpr unsigned kStrideMax = 18;

    [[nodiscard]] static bool is_level(Ref ref) noexcept { return (ref & kLevelTag) == kLevelTag; }
    [[nodiscard]] const Level& level(Ref ref) const noexcept {
        return levels_[ref >> BucketPool::kRoomBits];
    }
    [[nodiscard]] Level& level(Ref ref) noexcept { return levels_[ref >> BucketPool::kRoomBits]; }
    [[nodiscard]] static std::size_t root_of(const PrefixKey& key) noexcept {
        return key.family == net::Family::V4 ? 0 : 1;
    }

    [[nodiscard]] std::uint32_t longest_in(Ref bucket, unsigned from,
                                           const PrefixKey& address) const noexcept;
    [[nodiscard]] std::uint32_t exact_in(Ref bucket, unsigned from,
                                         const PrefixKey& key) const noexcept;
    [[nodiscard]] bool is_longer(const BucketItem& item, const BucketItem& than) const noexcept;
    void add(std::uint32_t entry);
    void add_to_bucket(Ref& bucket, unsigned from, std::uint32_t entry);
    [[nodiscard]] std::size_t position_of(Ref bucket, std::uint32_t entry) const noexcept;
    void remove(Ref& ref, unsigned from, std::uint32_t entry);
    void raise(Ref& ref, unsigned from, const PrefixKey& key);
    void rebuild(Ref& ref, unsigned from, std::uint32_t added);
    [[nodiscard]] Ref build(std::span<const Keyed> sorted, unsigned from);
    [[nodiscard]] Ref build_bucket(std::span<const Keyed> sorted, unsigned from);
    void fill(Ref ref, std::span<const Keyed> sorted);
    [[nodiscard]] static unsigned stride_for(std::span<const Keyed> sorted, unsigned from) noexcept;
    [[nodiscard]] Ref make_level(const PrefixKey& base, unsigned stride, std::size_t count);
    void release(Ref ref);
    [[nodiscard]] std::vector<Keyed> sorted_below(Ref ref, std::uint32_t added) const;
    void collect(Ref ref, std::vector<std::uint32_t>& entries) const;
    [[nodiscard]] std::uint32_t make_entry(const PrefixKey& key);

    std::array<Ref, 2> roots_{};  ///< By family.
    BucketPool buckets_;
    std::vector<Level> levels_;
    std::vector<PrefixKey> keys_;
    std::vector<std::uint32_t> free_levels_;
    std::vector<std::uint32_t> free_entries_;
};

// Here, so that it becomes part of the caller's loop.

inline std::uint32_t PrefixTrie::find_longest(const PrefixKey& address) const noexcept {
    Ref ref = roots_[root_of(address)];
    std::uint32_t best = kNoEntry;
    unsigned from = 0;
    while (is_level(ref)) {
        const Level& here = level(ref);
        if (!here.base.contains(address)) {
            return best;
        }
        const Slot slot = here.slots[here.slot_of(address)];
        best = slot.best != kNoEntry ? slot.best : best;
        ref = slot.below;
        from = here.end();
    }
    const std::uint32_t entry = longest_in(ref, from, address);
    return entry != kNoEntry ? entry : best;
}

/// Compares all items without branches: which one matches could not be foreseen, and a wrong guess
/// costs more than the comparisons.
inline std::uint32_t PrefixTrie::longest_in(Ref bucket, unsigned from,
                                            const PrefixKey& address) const noexcept {
    const auto window = static_cast<std::uint32_t>(address.bits_from(from) >> 32);
    const std::span<const BucketItem> items = buckets_.items(bucket);
    std::uint32_t found = kNoEntry;
    for (std::size_t i = items.size(); i-- > 0;) {
        found = items[i].matches(window) ? items[i].entry : found;
    }
    if ((found & BucketItem::kPartial) == 0) {
        return found;
    }
    for (const BucketItem& item : items) {
        const std::uint32_t entry = item.entry & ~BucketItem::kPartial;
        if (item.matches(window) && (entry == item.entry || keys_[entry].contains(address))) {
            return entry;
        }
    }
    return kNoEntry;
}

}  // namespace qe::route
