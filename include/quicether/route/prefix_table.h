// SPDX-License-Identifier: Apache-2.0
//
// PrefixTable: longest-prefix match for IPv4 and IPv6, for a million prefixes.
//
// A value for each entry of a PrefixTrie (prefix_trie.h says how it finds them). Values lie apart
// from the keys, by entry number: a lookup touches one slot, one bucket and one value, each in a
// cache line of its own, and keys only of prefixes longer than the trie keeps bits of.
//
// Memory for each of 100,000 prefixes like those of the public routing tables: 53 bytes and the
// value; for each of 1,000,000: 47. bench/micro/route_lookup_bench.cpp measures it.
//
// Unbounded by itself: the owner counts. Returned pointers are valid until the next insert or
// erase.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "quicether/net/ip_address.h"
#include "quicether/route/prefix_key.h"
#include "quicether/route/prefix_trie.h"

namespace qe::route {

template <typename Value>
class PrefixTable {
  public:
    /// A prefix (host bits zero) and its value.
    struct Match {
        net::Prefix prefix;
        const Value* value;
    };

    [[nodiscard]] std::size_t size() const noexcept { return trie_.size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    /// The value of the longest prefix that contains `address`, or nullptr.
    [[nodiscard]] const Value* lookup(const net::IpAddress& address) const noexcept {
        const std::uint32_t entry = trie_.find_longest(PrefixKey::of(address));
        return entry == kNoEntry ? nullptr : &values_[entry];
    }
    /// The same with the prefix that matched.
    [[nodiscard]] std::optional<Match> longest_match(const net::IpAddress& address) const noexcept {
        const std::uint32_t entry = trie_.find_longest(PrefixKey::of(address));
        if (entry == kNoEntry) {
            return std::nullopt;
        }
        return Match{trie_.key(entry).prefix(), &values_[entry]};
    }

    /// The value of exactly this prefix (host bits do not matter), or nullptr.
    [[nodiscard]] const Value* find_exact(const net::Prefix& prefix) const noexcept {
        const std::uint32_t entry = trie_.find_exact(PrefixKey::of(prefix));
        return entry == kNoEntry ? nullptr : &values_[entry];
    }
    [[nodiscard]] Value* find_exact(const net::Prefix& prefix) noexcept {
        return const_cast<Value*>(std::as_const(*this).find_exact(prefix));
    }

    /// Adds the prefix, or replaces its value. True when it is new.
    bool insert(const net::Prefix& prefix, Value value) {
        const auto [entry, added] = trie_.insert(PrefixKey::of(prefix));
        if (entry == values_.size()) {
            values_.push_back(std::move(value));
        } else {
            values_[entry] = std::move(value);
        }
        return added;
    }
    /// False when there was no such prefix.
    bool erase(const net::Prefix& prefix) {
        const std::uint32_t entry = trie_.erase(PrefixKey::of(prefix));
        if (entry == kNoEntry) {
            return false;
        }
        values_[entry] = Value();
        return true;
    }

    /// Calls `visit(const net::Prefix&, const Value&)` in ascending order: IPv4 before IPv6, by
    /// address, shorter before longer. `visit` must not change the table.
    template <typename Visitor>
    void for_each(Visitor&& visit) const {
        for (const std::uint32_t entry : trie_.sorted()) {
            visit(trie_.key(entry).prefix(), values_[entry]);
        }
    }

  private:
    PrefixTrie trie_;
    std::vector<Value> values_;  ///< By entry number.
};

}  // namespace qe::route
