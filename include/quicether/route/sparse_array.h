// SPDX-License-Identifier: Apache-2.0
//
// SparseArray: up to 256 numbers by an index of one byte, storing only those present.
//
// A bit set says which are present; the numbers lie without gaps in index order, found by counting
// the bits before. Lookup touches the bit set and one number; updates shift the numbers behind.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace qe::route {

class SparseArray {
  public:
    [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }
    [[nodiscard]] bool has(unsigned index) const noexcept {
        return (words_[index / 64] >> (index % 64) & 1U) != 0;
    }
    /// The 64 presence bits from `64 * word` on.
    [[nodiscard]] std::uint64_t word(unsigned word) const noexcept { return words_[word]; }

    /// `has(index)`.
    [[nodiscard]] std::uint32_t operator[](unsigned index) const noexcept {
        return items_[rank(index)];
    }
    /// The only item; `size() == 1`.
    [[nodiscard]] std::uint32_t single() const noexcept { return items_.front(); }

    /// Inserts or replaces.
    void set(unsigned index, std::uint32_t item) {
        if (has(index)) {
            items_[rank(index)] = item;
            return;
        }
        items_.insert(items_.begin() + static_cast<std::ptrdiff_t>(rank(index)), item);
        words_[index / 64] |= std::uint64_t{1} << (index % 64);
        count_words();
    }
    /// `has(index)`.
    void erase(unsigned index) {
        items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(rank(index)));
        words_[index / 64] &= ~(std::uint64_t{1} << (index % 64));
        count_words();
    }

  private:
    [[nodiscard]] std::size_t rank(unsigned index) const noexcept {
        const std::uint64_t below = (std::uint64_t{1} << (index % 64)) - 1;
        return before_[index / 64] +
               static_cast<std::size_t>(std::popcount(words_[index / 64] & below));
    }
    void count_words() noexcept {
        for (std::size_t i = 1; i < words_.size(); ++i) {
            before_[i] = static_cast<std::uint8_t>(before_[i - 1] + std::popcount(words_[i - 1]));
        }
    }

    std::array<std::uint64_t, 4> words_{};
    std::array<std::uint8_t, 4> before_{};  ///< Items in the words before; at most 192.
    std::vector<std::uint32_t> items_;
};

}  // namespace qe::route
