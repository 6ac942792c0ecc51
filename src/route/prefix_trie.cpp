// SPDX-License-Identifier: Apache-2.0
#include "quicether/route/prefix_trie.h"

#include <algorithm>
#include <bit>

#include "quicether/base/assert.h"

namespace qe::route {

namespace {

/// A level is rebuilt when it holds so many times what it was made for, or one of so many.
constexpr std::size_t kGrowth = 2;
constexpr std::size_t kShrinkage = 4;
/// One slot of so many has to be in use.
constexpr std::size_t kSlotsPerUse = 4;

}  // namespace

// --- Levels ------------------------------------------------------------------------------------

std::size_t PrefixTrie::Level::own_index(const PrefixKey& key) const noexcept {
    const unsigned bits = key.length - base.length;
    return (slot_of(key) >> (stride - bits)) + (std::size_t{1} << bits);
}

/// Gives those slots below an index that are `from`'s to `to`.
void PrefixTrie::Level::paint(std::size_t index, std::uint32_t from, std::uint32_t to) noexcept {
    const unsigned free_bits = stride + 1 - static_cast<unsigned>(std::bit_width(index));
    Slot* const first = slots.get() + ((index << free_bits) - (std::size_t{1} << stride));
    for (Slot* slot = first; slot != first + (std::size_t{1} << free_bits); ++slot) {
        slot->best = slot->best == from ? to : slot->best;
    }
}

/// The longest prefix of this level that covers an index, other than the index itself.
std::uint32_t PrefixTrie::Level::covering(std::size_t index) const noexcept {
    for (index /= 2; index != 0; index /= 2) {
        if (own[index] != kNoEntry) {
            return own[index];
        }
    }
    return kNoEntry;
}

PrefixTrie::Ref PrefixTrie::make_level(const PrefixKey& base, unsigned stride, std::size_t count) {
    if (free_levels_.empty()) {
        free_levels_.push_back(static_cast<std::uint32_t>(levels_.size()));
        levels_.emplace_back();
    }
    const std::uint32_t number = free_levels_.back();
    free_levels_.pop_back();
    const std::size_t size = std::size_t{1} << stride;
    Level& made = levels_[number];
    made = {base, stride, count, count, std::make_unique<Slot[]>(size), nullptr};
    made.own = std::make_unique_for_overwrite<std::uint32_t[]>(size);
    std::fill_n(made.own.get(), size, kNoEntry);
    return number << BucketPool::kRoomBits | kLevelTag;
}

void PrefixTrie::release(Ref ref) {
    if (!is_level(ref)) {
        buckets_.release(ref);
        return;
    }
    const Level old = std::exchange(level(ref), Level());
    free_levels_.push_back(ref >> BucketPool::kRoomBits);
    for (std::size_t i = 0; i < std::size_t{1} << old.stride; ++i) {
        release(old.slots[i].below);
    }
}

// --- Exact match and updates -------------------------------------------------------------------

std::uint32_t PrefixTrie::find_exact(const PrefixKey& key) const noexcept {
    Ref ref = roots_[root_of(key)];
    unsigned from = 0;
    while (is_level(ref)) {
        const Level& here = level(ref);
        if (key.length < here.base.length || !here.base.contains(key)) {
            return kNoEntry;
        }
        if (key.length < here.end()) {
            return here.own[here.own_index(key)];
        }
        ref = here.slots[here.slot_of(key)].below;
        from = here.end();
    }
    return exact_in(ref, from, key);
}

std::uint32_t PrefixTrie::exact_in(Ref bucket, unsigned from, const PrefixKey& key) const noexcept {
    const BucketItem wanted = BucketItem::of(key, from, 0);
    for (const BucketItem& item : buckets_.items(bucket)) {
        const std::uint32_t entry = item.entry & ~BucketItem::kPartial;
        if (item.word == wanted.word && item.is_partial() == wanted.is_partial() &&
            (!item.is_partial() || keys_[entry] == key)) {
            return entry;
        }
    }
    return kNoEntry;
}

std::pair<std::uint32_t, bool> PrefixTrie::insert(const PrefixKey& key) {
    const std::uint32_t found = find_exact(key);
    if (found != kNoEntry) {
        return {found, false};
    }
    const std::uint32_t entry = make_entry(key);
    add(entry);
    return {entry, true};
}

void PrefixTrie::add(std::uint32_t entry) {
    const PrefixKey key = keys_[entry];
    Ref* ref = &roots_[root_of(key)];
    unsigned from = 0;
    while (is_level(*ref)) {
        if (key.length < level(*ref).base.length || !level(*ref).base.contains(key)) {
            raise(*ref, from, key);
        }
        Level& here = level(*ref);
        if (++here.count >= kGrowth * here.count_made) {
            rebuild(*ref, from, entry);
            return;
        }
        if (key.length < here.end()) {
            const std::size_t index = here.own_index(key);
            here.own[index] = entry;
            here.paint(index, here.covering(index), entry);
            return;
        }
        ref = &here.slots[here.slot_of(key)].below;
        from = here.end();
    }
    add_to_bucket(*ref, from, entry);
}

void PrefixTrie::add_to_bucket(Ref& bucket, unsigned from, std::uint32_t entry) {
    if (buckets_.size(bucket) == BucketPool::kItemsMax) {
        rebuild(bucket, from, entry);
        return;
    }
    const BucketItem added = BucketItem::of(keys_[entry], from, entry);
    const auto items = buckets_.items(bucket);
    const auto shorter = std::find_if_not(
        items.begin(), items.end(), [&](const BucketItem& item) { return is_longer(item, added); });
    bucket = buckets_.insert(bucket, static_cast<std::size_t>(shorter - items.begin()), added);
}

/// Unused items are longer than none.
bool PrefixTrie::is_longer(const BucketItem& item, const BucketItem& than) const noexcept {
    if (item.is_partial() && than.is_partial()) {
        const auto length = [&](std::uint32_t entry) {
            return keys_[entry & ~BucketItem::kPartial].length;
        };
        return length(item.entry) > length(than.entry);
    }
    if (item.is_partial() || than.is_partial()) {
        return item.is_partial();
    }
    return item.entry != kNoEntry && item.end() < than.end();
}

/// Puts a level above the one at `ref`, which begins at bit `from` or behind and skips bits that
/// `key` does not have. It begins at a multiple of four bits, so that the next ones find room too.
void PrefixTrie::raise(Ref& ref, unsigned from, const PrefixKey& key) {
    const Level& lower = level(ref);
    const std::size_t count = lower.count;
    const PrefixKey below = lower.base;
    const unsigned begin = std::max(from, below.common_bits(key) / kStrideMin * kStrideMin);
    const Ref made = make_level(below.truncated(begin),
                                std::min<unsigned>(kStrideMin, below.length - begin), count);
    level(made).slots[level(made).slot_of(below)].below = ref;
    ref = made;
}

std::uint32_t PrefixTrie::erase(const PrefixKey& key) {
    const std::uint32_t entry = find_exact(key);
    if (entry != kNoEntry) {
        remove(roots_[root_of(key)], 0, entry);
        free_entries_.push_back(entry);
    }
    return entry;
}

/// Takes an entry, which is there, out of what begins at bit `from`.
void PrefixTrie::remove(Ref& ref, unsigned from, std::uint32_t entry) {
    if (!is_level(ref)) {
        ref = buckets_.erase(ref, position_of(ref, entry));
        return;
    }
    Level& here = level(ref);
    const PrefixKey& key = keys_[entry];
    --here.count;
    if (key.length < here.end()) {
        const std::size_t index = here.own_index(key);
        here.own[index] = kNoEntry;
        here.paint(index, entry, here.covering(index));
    } else {
        remove(here.slots[here.slot_of(key)].below, here.end(), entry);
    }
    // Looked up again: a rebuild below may have moved it.
    if (level(ref).count * kShrinkage < level(ref).count_made) {
        rebuild(ref, from, kNoEntry);
    }
}

std::size_t PrefixTrie::position_of(Ref bucket, std::uint32_t entry) const noexcept {
    const auto items = buckets_.items(bucket);
    const auto found = std::find_if(items.begin(), items.end(), [&](const BucketItem& item) {
        return (item.entry & ~BucketItem::kPartial) == entry;
    });
    return static_cast<std::size_t>(found - items.begin());
}

std::uint32_t PrefixTrie::make_entry(const PrefixKey& key) {
    if (free_entries_.empty()) {
        keys_.push_back(key);
        return static_cast<std::uint32_t>(keys_.size() - 1);
    }
    const std::uint32_t entry = free_entries_.back();
    free_entries_.pop_back();
    keys_[entry] = key;
    return entry;
}

// --- Building ----------------------------------------------------------------------------------

/// Makes what is at `ref` anew, with `added` unless that is kNoEntry.
void PrefixTrie::rebuild(Ref& ref, unsigned from, std::uint32_t added) {
    const std::vector<Keyed> sorted = sorted_below(ref, added);
    release(ref);
    ref = build(sorted, from);
}

/// All of `sorted` have the same bits before `from`.
PrefixTrie::Ref PrefixTrie::build(std::span<const Keyed> sorted, unsigned from) {
    if (sorted.size() <= BucketPool::kItemsMax) {
        return build_bucket(sorted, from);
    }
    unsigned begin = sorted.front().key.common_bits(sorted.back().key);
    for (const Keyed& each : sorted) {
        begin = std::min<unsigned>(begin, each.key.length);
    }
    const PrefixKey base = sorted.front().key.truncated(begin);
    const Ref made = make_level(base, stride_for(sorted, begin), sorted.size());
    fill(made, sorted);
    return made;
}

PrefixTrie::Ref PrefixTrie::build_bucket(std::span<const Keyed> sorted, unsigned from) {
    std::array<Keyed, BucketPool::kItemsMax> longest_first;
    const auto end = std::copy(sorted.begin(), sorted.end(), longest_first.begin());
    std::sort(longest_first.begin(), end,
              [](const Keyed& a, const Keyed& b) { return a.key.length > b.key.length; });
    std::array<BucketItem, BucketPool::kItemsMax> items;
    std::transform(longest_first.begin(), end, items.begin(), [from](const Keyed& each) {
        return BucketItem::of(each.key, from, each.entry);
    });
    return buckets_.make(std::span(items).first(sorted.size()));
}

/// Puts prefixes into a new level. Shorter ones come before what they cover, so that painting in
/// order leaves the longest; what goes on behind one slot stands together.
void PrefixTrie::fill(Ref ref, std::span<const Keyed> sorted) {
    for (auto next = sorted.begin(); next != sorted.end();) {
        Level& here = level(ref);
        const PrefixKey& key = next->key;
        if (key.length < here.end()) {
            const std::size_t index = here.own_index(key);
            here.own[index] = next->entry;
            here.paint(index, here.covering(index), next->entry);
            ++next;
            continue;
        }
        const std::size_t slot = here.slot_of(key);
        const auto behind = std::find_if(next, sorted.end(), [&](const Keyed& each) {
            return each.key.length < here.end() || here.slot_of(each.key) != slot;
        });
        const Ref below = build({next, behind}, here.end());
        level(ref).slots[slot].below = below;
        next = behind;
    }
}

/// How many bits a level decides by. The number of slots in use follows from the first bits in
/// which neighbours differ.
unsigned PrefixTrie::stride_for(std::span<const Keyed> sorted, unsigned from) noexcept {
    std::array<std::size_t, kStrideMax> differ_at{};
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        const unsigned bit = sorted[i - 1].key.first_difference(sorted[i].key) - from;
        if (bit < kStrideMax) {
            ++differ_at[bit];
        }
    }
    const unsigned width = sorted.front().key.family == net::Family::V4 ? 32 : 128;
    unsigned stride = kStrideMin;
    std::size_t in_use = 1;
    for (unsigned bits = 1; bits <= std::min(kStrideMax, width - from); ++bits) {
        in_use += differ_at[bits - 1];
        const std::size_t slots = std::size_t{1} << bits;
        if (slots <= sorted.size() && slots <= in_use * kSlotsPerUse) {
            stride = std::max(stride, bits);
        }
    }
    return stride;
}

// --- Listing -----------------------------------------------------------------------------------

std::vector<std::uint32_t> PrefixTrie::sorted() const {
    std::vector<std::uint32_t> entries;
    entries.reserve(size());
    for (const Ref root : roots_) {
        for (const Keyed& each : sorted_below(root, kNoEntry)) {
            entries.push_back(each.entry);
        }
    }
    return entries;
}

/// In order, with `added` unless that is kNoEntry.
std::vector<PrefixTrie::Keyed> PrefixTrie::sorted_below(Ref ref, std::uint32_t added) const {
    const auto less = [](const Keyed& a, const Keyed& b) { return a.key < b.key; };
    std::vector<std::uint32_t> entries;
    collect(ref, entries);
    std::vector<Keyed> sorted(entries.size());
    std::transform(entries.begin(), entries.end(), sorted.begin(), [&](std::uint32_t entry) {
        return Keyed{keys_[entry], entry};
    });
    // By insertion: only neighbours out of one bucket stand in the wrong order.
    for (auto next = sorted.begin(); next != sorted.end(); ++next) {
        auto place = next;
        const Keyed moved = *next;
        for (; place != sorted.begin() && less(moved, *(place - 1)); --place) {
            *place = *(place - 1);
        }
        *place = moved;
    }
    if (added != kNoEntry) {
        const Keyed last{keys_[added], added};
        sorted.insert(std::lower_bound(sorted.begin(), sorted.end(), last, less), last);
    }
    return sorted;
}

/// Appends all entries, in order but for those of one bucket.
void PrefixTrie::collect(Ref ref, std::vector<std::uint32_t>& entries) const {
    if (!is_level(ref)) {
        for (const BucketItem& item : buckets_.items(ref).first(buckets_.size(ref))) {
            entries.push_back(item.entry & ~BucketItem::kPartial);
        }
        return;
    }
    const Level& here = level(ref);
    for (std::size_t slot = 0; slot < std::size_t{1} << here.stride; ++slot) {
        // Those that begin with this slot: bits behind theirs are zero.
        const auto zeros = std::min(static_cast<unsigned>(std::countr_zero(slot)), here.stride);
        for (unsigned bits = here.stride - zeros; bits < here.stride; ++bits) {
            const std::size_t index = (slot >> (here.stride - bits)) + (std::size_t{1} << bits);
            if (here.own[index] != kNoEntry) {
                entries.push_back(here.own[index]);
            }
        }
        collect(here.slots[slot].below, entries);
    }
}

}  // namespace qe::route
