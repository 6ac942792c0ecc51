// SPDX-License-Identifier: Apache-2.0
//
// PrefixTable: longest-prefix match for IPv4 and IPv6, for a million prefixes.
//
// A multibit trie with a stride of one byte, after tree bitmaps (Eatherton, Varghese, Dittia 2004)
// and the "base index" of Knuth-style complete binary trees. A node at depth d decides on byte d:
//
//   prefixes  what ends inside this byte, 0 … 7 of its bits used: index = 2^bits + those bits,
//             1 … 255, so that halving an index gives the next shorter prefix
//   children  what goes on behind this byte: a node, or a leaf when only one prefix lies that way
//
// A leaf at any depth stands for its whole rest, so long lonely prefixes cost no chain of nodes.
// The shape follows from the set of prefixes alone: a node below the roots always holds two or
// more.
//
// lookup() costs at most 4 (IPv4) or 16 (IPv6) steps of about two cache lines; insert and erase
// touch one node, in the worst case one chain of nodes. Unbounded by itself: the owner counts.
// Returned pointers are valid until the next insert or erase.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "quicether/net/ip_address.h"
#include "quicether/route/prefix_key.h"
#include "quicether/route/sparse_array.h"

namespace qe::route {

template <typename Value>
class PrefixTable {
  public:
    /// A prefix (host bits zero) and its value.
    struct Match {
        net::Prefix prefix;
        const Value* value;
    };

    PrefixTable() : nodes_(kRoots) {}

    [[nodiscard]] std::size_t size() const noexcept {
        return entries_.size() - free_entries_.size();
    }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    /// The value of the longest prefix that contains `address`, or nullptr.
    [[nodiscard]] const Value* lookup(const net::IpAddress& address) const noexcept {
        const std::uint32_t entry = find_longest(PrefixKey::of(address));
        return entry == kNone ? nullptr : &entries_[entry].value;
    }
    /// The same with the prefix that matched.
    [[nodiscard]] std::optional<Match> longest_match(const net::IpAddress& address) const noexcept {
        const std::uint32_t entry = find_longest(PrefixKey::of(address));
        if (entry == kNone) {
            return std::nullopt;
        }
        return Match{entries_[entry].key.prefix(), &entries_[entry].value};
    }

    /// The value of exactly this prefix (host bits do not matter), or nullptr.
    [[nodiscard]] const Value* find_exact(const net::Prefix& prefix) const noexcept {
        const std::uint32_t entry = find_entry(PrefixKey::of(prefix));
        return entry == kNone ? nullptr : &entries_[entry].value;
    }
    [[nodiscard]] Value* find_exact(const net::Prefix& prefix) noexcept {
        return const_cast<Value*>(std::as_const(*this).find_exact(prefix));
    }

    /// Adds the prefix, or replaces its value. True when it is new.
    bool insert(const net::Prefix& prefix, Value value);
    /// False when there was no such prefix.
    bool erase(const net::Prefix& prefix);

    /// Calls `visit(const net::Prefix&, const Value&)` in ascending order: IPv4 before IPv6, by
    /// address, shorter before longer. `visit` must not change the table.
    template <typename Visitor>
    void for_each(Visitor&& visit) const {
        for (std::uint32_t root = 0; root < kRoots; ++root) {
            visit_node(root, visit);
        }
    }

  private:
    struct Node {
        alignas(64) SparseArray prefixes;  ///< Entry numbers by base index.
        alignas(64) SparseArray children;  ///< By byte: a node number, or kLeaf and an entry.
    };
    struct Entry {
        PrefixKey key;
        Value value;
    };
    /// Where a prefix belongs in a node.
    struct Slot {
        bool is_child;
        unsigned index;
    };

    static constexpr unsigned kStride = 8;
    static constexpr std::uint32_t kRoots = 2;
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};
    static constexpr std::uint32_t kLeaf = std::uint32_t{1} << 31;
    static constexpr unsigned kDepthMax = 16;
    /// By the upper five bits of a byte: the indexes of all prefixes of 0 … 5 bits that cover it.
    static constexpr std::array<std::uint64_t, 32> kCovering = [] {
        std::array<std::uint64_t, 32> masks{};
        for (unsigned bits = 0; bits < masks.size(); ++bits) {
            for (unsigned index = bits + 32; index != 0; index /= 2) {
                masks[bits] |= std::uint64_t{1} << index;
            }
        }
        return masks;
    }();

    [[nodiscard]] static std::uint32_t root_of(const PrefixKey& key) noexcept {
        return key.family == net::Family::V4 ? 0 : 1;
    }
    [[nodiscard]] static Slot slot_of(const PrefixKey& key, unsigned depth) noexcept {
        const unsigned octet = key.octet(depth);
        const unsigned bits = key.length - depth * kStride;
        if (bits >= kStride) {
            return {true, octet};
        }
        return {false, (octet >> (kStride - bits)) + (1U << bits)};
    }
    [[nodiscard]] const SparseArray& items(std::uint32_t node, Slot slot) const noexcept {
        return slot.is_child ? nodes_[node].children : nodes_[node].prefixes;
    }
    [[nodiscard]] SparseArray& items(std::uint32_t node, Slot slot) noexcept {
        return slot.is_child ? nodes_[node].children : nodes_[node].prefixes;
    }

    [[nodiscard]] static unsigned longest_index(const SparseArray& prefixes,
                                                unsigned octet) noexcept;
    [[nodiscard]] std::uint32_t find_longest(const PrefixKey& address) const noexcept;
    [[nodiscard]] std::uint32_t find_entry(const PrefixKey& key) const noexcept;
    void place(std::uint32_t node, unsigned depth, std::uint32_t entry);
    std::uint32_t split(std::uint32_t node, unsigned depth, std::uint32_t entry);
    std::uint32_t make_entry(const PrefixKey& key, Value value);
    std::uint32_t make_node();
    void free_entry(std::uint32_t entry);
    [[nodiscard]] std::optional<std::uint32_t> only_entry(const Node& node) const noexcept;
    template <typename Visitor>
    void visit_node(std::uint32_t number, Visitor& visit) const;
    template <typename Visitor>
    void visit_child(std::uint32_t item, Visitor& visit) const;

    std::vector<Node> nodes_;  ///< The roots come first.
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> free_nodes_;
    std::vector<std::uint32_t> free_entries_;
};

// --- Lookup ------------------------------------------------------------------------------------

/// The index of the longest prefix in a node that covers `octet`, or 0. Lengths 7 and 6 have whole
/// words of their own; all shorter ones lie in word 0, where one mask selects them at once. Without
/// branches: which lengths there are is different in every node, so none could be foreseen.
template <typename Value>
unsigned PrefixTable<Value>::longest_index(const SparseArray& prefixes, unsigned octet) noexcept {
    // Bit 0 stands for no prefix.
    const std::uint64_t matches = (prefixes.word(0) & kCovering[octet >> 3]) | 1U;
    unsigned index = 63U - static_cast<unsigned>(std::countl_zero(matches));
    const unsigned six = (octet >> 2) + 64;
    index = prefixes.has(six) ? six : index;
    const unsigned seven = (octet >> 1) + 128;
    return prefixes.has(seven) ? seven : index;
}

template <typename Value>
std::uint32_t PrefixTable<Value>::find_longest(const PrefixKey& address) const noexcept {
    const Node* node = &nodes_[root_of(address)];
    // Where the longest so far lies; its item is read at the end.
    const SparseArray* best = nullptr;
    unsigned best_index = 0;
    for (unsigned depth = 0;; ++depth) {
        const unsigned octet = address.octet(depth);
        const unsigned index = longest_index(node->prefixes, octet);
        best = index != 0 ? &node->prefixes : best;
        best_index = index != 0 ? index : best_index;
        if (!node->children.has(octet)) {
            break;
        }
        const std::uint32_t item = node->children[octet];
        if ((item & kLeaf) != 0) {
            const std::uint32_t entry = item & ~kLeaf;
            if (entries_[entry].key.contains(address)) {
                return entry;
            }
            break;
        }
        node = &nodes_[item];
    }
    return best == nullptr ? kNone : (*best)[best_index];
}

template <typename Value>
std::uint32_t PrefixTable<Value>::find_entry(const PrefixKey& key) const noexcept {
    std::uint32_t node = root_of(key);
    for (unsigned depth = 0;; ++depth) {
        const Slot slot = slot_of(key, depth);
        if (!items(node, slot).has(slot.index)) {
            return kNone;
        }
        const std::uint32_t item = items(node, slot)[slot.index];
        if (!slot.is_child) {
            return item;
        }
        if ((item & kLeaf) != 0) {
            const std::uint32_t entry = item & ~kLeaf;
            return entries_[entry].key == key ? entry : kNone;
        }
        node = item;
    }
}

// --- Updates -----------------------------------------------------------------------------------

template <typename Value>
bool PrefixTable<Value>::insert(const net::Prefix& prefix, Value value) {
    const PrefixKey key = PrefixKey::of(prefix);
    std::uint32_t node = root_of(key);
    for (unsigned depth = 0;; ++depth) {
        const Slot slot = slot_of(key, depth);
        if (!items(node, slot).has(slot.index)) {
            place(node, depth, make_entry(key, std::move(value)));
            return true;
        }
        const std::uint32_t item = items(node, slot)[slot.index];
        const bool is_node = slot.is_child && (item & kLeaf) == 0;
        if (!is_node && entries_[item & ~kLeaf].key == key) {
            entries_[item & ~kLeaf].value = std::move(value);
            return false;
        }
        node = is_node ? item : split(node, depth, item & ~kLeaf);
    }
}

template <typename Value>
bool PrefixTable<Value>::erase(const net::Prefix& prefix) {
    const PrefixKey key = PrefixKey::of(prefix);
    const std::uint32_t entry = find_entry(key);
    if (entry == kNone) {
        return false;
    }
    std::array<std::uint32_t, kDepthMax> path{};
    unsigned depth = 0;
    path[0] = root_of(key);
    Slot slot = slot_of(key, 0);
    while (slot.is_child && (items(path[depth], slot)[slot.index] & kLeaf) == 0) {
        path[depth + 1] = items(path[depth], slot)[slot.index];
        slot = slot_of(key, ++depth);
    }
    items(path[depth], slot).erase(slot.index);
    free_entry(entry);
    // A node left with one entry alone becomes a leaf of its parent, and so on upwards.
    for (; depth > 0; --depth) {
        const auto only = only_entry(nodes_[path[depth]]);
        if (!only) {
            break;
        }
        nodes_[path[depth - 1]].children.set(key.octet(depth - 1), kLeaf | *only);
        nodes_[path[depth]] = Node();
        free_nodes_.push_back(path[depth]);
    }
    return true;
}

/// Puts an entry into its slot of a node, which is free.
template <typename Value>
void PrefixTable<Value>::place(std::uint32_t node, unsigned depth, std::uint32_t entry) {
    const Slot slot = slot_of(entries_[entry].key, depth);
    items(node, slot).set(slot.index, slot.is_child ? kLeaf | entry : entry);
}

/// Replaces the leaf of `entry` by a node that holds it.
template <typename Value>
std::uint32_t PrefixTable<Value>::split(std::uint32_t node, unsigned depth, std::uint32_t entry) {
    const std::uint32_t child = make_node();
    place(child, depth + 1, entry);
    nodes_[node].children.set(entries_[entry].key.octet(depth), child);
    return child;
}

template <typename Value>
std::uint32_t PrefixTable<Value>::make_entry(const PrefixKey& key, Value value) {
    if (free_entries_.empty()) {
        entries_.push_back({key, std::move(value)});
        return static_cast<std::uint32_t>(entries_.size() - 1);
    }
    const std::uint32_t entry = free_entries_.back();
    free_entries_.pop_back();
    entries_[entry] = {key, std::move(value)};
    return entry;
}

template <typename Value>
std::uint32_t PrefixTable<Value>::make_node() {
    if (free_nodes_.empty()) {
        nodes_.emplace_back();
        return static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    const std::uint32_t node = free_nodes_.back();
    free_nodes_.pop_back();
    return node;
}

template <typename Value>
void PrefixTable<Value>::free_entry(std::uint32_t entry) {
    entries_[entry].value = Value();
    free_entries_.push_back(entry);
}

template <typename Value>
std::optional<std::uint32_t> PrefixTable<Value>::only_entry(const Node& node) const noexcept {
    if (node.prefixes.size() + node.children.size() != 1) {
        return std::nullopt;
    }
    if (node.prefixes.size() == 1) {
        return node.prefixes.single();
    }
    const std::uint32_t item = node.children.single();
    return (item & kLeaf) != 0 ? std::optional(item & ~kLeaf) : std::nullopt;
}

// --- Listing -----------------------------------------------------------------------------------

template <typename Value>
template <typename Visitor>
void PrefixTable<Value>::visit_node(std::uint32_t number, Visitor& visit) const {
    const Node& node = nodes_[number];
    for (unsigned octet = 0; octet < 1U << kStride; ++octet) {
        for (unsigned bits = 0; bits < kStride; ++bits) {
            const unsigned index = (octet >> (kStride - bits)) + (1U << bits);
            const bool begins_here = octet % (1U << (kStride - bits)) == 0;
            if (begins_here && node.prefixes.has(index)) {
                const Entry& entry = entries_[node.prefixes[index]];
                visit(entry.key.prefix(), entry.value);
            }
        }
        if (node.children.has(octet)) {
            visit_child(node.children[octet], visit);
        }
    }
}

template <typename Value>
template <typename Visitor>
void PrefixTable<Value>::visit_child(std::uint32_t item, Visitor& visit) const {
    if ((item & kLeaf) == 0) {
        visit_node(item, visit);
        return;
    }
    const Entry& entry = entries_[item & ~kLeaf];
    visit(entry.key.prefix(), entry.value);
}

}  // namespace qe::route
