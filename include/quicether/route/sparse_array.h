// SPDX-License-Identifier: Apache-2.0
//
// SparseArray: up to 256 numbers by an index of one byte, storing only those present.
//
// A bit set says which are present; the numbers lie without gaps in index order, found by counting
// the bits before. It is as large as one cache line (align it), which also holds the numbers while
// there are at most four, as in most nodes of a large table; more of them move to the heap. Updates
// shift the numbers behind. Move-only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace qe::route {

class SparseArray {
  public:
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool has(unsigned index) const noexcept {
        return (words_[index / 64] >> (index % 64) & 1U) != 0;
    }
    /// The 64 presence bits from `64 * word` on.
    [[nodiscard]] std::uint64_t word(unsigned word) const noexcept { return words_[word]; }

    /// `has(index)`.
    [[nodiscard]] std::uint32_t operator[](unsigned index) const noexcept {
        return items()[rank(index)];
    }
    /// The only item; `size() == 1`.
    [[nodiscard]] std::uint32_t single() const noexcept { return items()[0]; }

    /// Inserts or replaces.
    void set(unsigned index, std::uint32_t item) {
        const std::size_t at = rank(index);
        if (!has(index)) {
            if (size_ == room_) {
                grow();
            }
            std::copy_backward(items() + at, items() + size_, items() + size_ + 1);
            ++size_;
            words_[index / 64] |= std::uint64_t{1} << (index % 64);
            count_words();
        }
        items()[at] = item;
    }
    /// `has(index)`. Room once taken is kept.
    void erase(unsigned index) {
        const std::size_t at = rank(index);
        std::copy(items() + at + 1, items() + size_, items() + at);
        --size_;
        words_[index / 64] &= ~(std::uint64_t{1} << (index % 64));
        count_words();
    }

  private:
    static constexpr std::uint16_t kInline = 4;

    /// std::popcount is a library call on processors that need not have the instruction.
    [[nodiscard]] static constexpr unsigned count_ones(std::uint64_t word) noexcept {
        word -= word >> 1 & 0x5555'5555'5555'5555U;
        word = (word & 0x3333'3333'3333'3333U) + (word >> 2 & 0x3333'3333'3333'3333U);
        word = (word + (word >> 4)) & 0x0f0f'0f0f'0f0f'0f0fU;
        return static_cast<unsigned>(word * 0x0101'0101'0101'0101U >> 56);
    }

    [[nodiscard]] const std::uint32_t* items() const noexcept {
        return heap_ == nullptr ? inline_.data() : heap_.get();
    }
    [[nodiscard]] std::uint32_t* items() noexcept {
        return const_cast<std::uint32_t*>(std::as_const(*this).items());
    }
    [[nodiscard]] std::size_t rank(unsigned index) const noexcept {
        const std::uint64_t below = (std::uint64_t{1} << (index % 64)) - 1;
        return before_[index / 64] + count_ones(words_[index / 64] & below);
    }
    void count_words() noexcept {
        for (std::size_t i = 1; i < words_.size(); ++i) {
            before_[i] = static_cast<std::uint8_t>(before_[i - 1] + count_ones(words_[i - 1]));
        }
    }
    void grow() {
        const auto room = static_cast<std::uint16_t>(room_ * 2U);
        auto larger = std::make_unique<std::uint32_t[]>(room);
        std::copy(items(), items() + size_, larger.get());
        heap_ = std::move(larger);
        room_ = room;
    }

    std::array<std::uint64_t, 4> words_{};
    std::array<std::uint8_t, 4> before_{};  ///< Items in the words before; at most 192.
    std::uint16_t size_ = 0;
    std::uint16_t room_ = kInline;
    std::array<std::uint32_t, kInline> inline_{};
    std::unique_ptr<std::uint32_t[]> heap_;
};

}  // namespace qe::route
