// SPDX-License-Identifier: Apache-2.0
#include "quicether/route/sparse_array.h"

#include <map>
#include <utility>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"

namespace qe::route {
namespace {

static_assert(sizeof(SparseArray) == 64);

void expect_same(const SparseArray& array, const std::map<unsigned, std::uint32_t>& reference) {
    ASSERT_EQ(array.size(), reference.size());
    for (unsigned index = 0; index < 256; ++index) {
        const auto found = reference.find(index);
        ASSERT_EQ(array.has(index), found != reference.end()) << index;
        if (found != reference.end()) {
            ASSERT_EQ(array[index], found->second) << index;
        }
    }
}

TEST(SparseArray, BeginsEmpty) {
    const SparseArray array;
    EXPECT_EQ(array.size(), 0U);
    EXPECT_FALSE(array.has(0));
    EXPECT_FALSE(array.has(255));
}

TEST(SparseArray, AgreesWithAMapOverRandomChanges) {
    base::Rng rng({});
    SparseArray array;
    std::map<unsigned, std::uint32_t> reference;
    for (int i = 0; i < 6000; ++i) {
        const auto index = static_cast<unsigned>(rng.below(256));
        const bool growing = i / 1000 % 2 == 0;
        if (rng.below(4) < (growing ? 3U : 1U)) {
            array.set(index, static_cast<std::uint32_t>(i));
            reference[index] = static_cast<std::uint32_t>(i);
        } else if (array.has(index)) {
            array.erase(index);
            reference.erase(index);
        }
        if (i % 50 == 0) {
            ASSERT_NO_FATAL_FAILURE(expect_same(array, reference));
        }
    }
}

TEST(SparseArray, HoldsAllIndicesInOrder) {
    SparseArray array;
    std::map<unsigned, std::uint32_t> reference;
    for (unsigned index = 256; index-- > 0;) {
        array.set(index, index * 3);
        reference[index] = index * 3;
    }
    expect_same(array, reference);
    EXPECT_EQ(array.word(3), ~std::uint64_t{0});
    for (unsigned index = 0; index < 255; ++index) {
        array.erase(index);
    }
    EXPECT_EQ(array.single(), 255U * 3);
}

TEST(SparseArray, KeepsItsItemsWhenMoved) {
    for (const unsigned count : {3U, 100U}) {
        SparseArray array;
        for (unsigned index = 0; index < count; ++index) {
            array.set(index, index + 1);
        }
        const SparseArray moved = std::move(array);
        EXPECT_EQ(moved.size(), count);
        EXPECT_EQ(moved[count - 1], count);
    }
}

}  // namespace
}  // namespace qe::route
