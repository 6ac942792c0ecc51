// SPDX-License-Identifier: Apache-2.0
#include "quicether/dht/distance.h"

#include <gtest/gtest.h>

#include "dht/nearest.h"

namespace qe::dht {
namespace {

TEST(Distance, RandomIdsShareExactlyTheBitsAskedFor) {
    base::Rng rng{base::Rng::Seed{}};
    const NodeId base = random_id(rng);
    for (unsigned bits = 0; bits <= kIdBits; ++bits) {
        EXPECT_EQ(common_prefix_bits(base, random_id_at(base, bits, rng)), bits);
    }
    EXPECT_EQ(common_prefix_bits(base, antipode(base)), 0U);
}

TEST(Distance, ALongerCommonPrefixIsCloser) {
    base::Rng rng{base::Rng::Seed{}};
    const NodeId target = random_id(rng);
    for (unsigned bits = 0; bits + 1 < kIdBits; ++bits) {
        const NodeId far = random_id_at(target, bits, rng);
        const NodeId near = random_id_at(target, bits + 1, rng);
        EXPECT_TRUE(is_closer(target, near, far));
        EXPECT_FALSE(is_closer(target, far, near));
    }
    EXPECT_FALSE(is_closer(target, target, target));
}

TEST(Nearest, KeepsTheNearestInOrder) {
    base::Rng rng{base::Rng::Seed{}};
    const NodeId target = random_id(rng);
    std::vector<NodeId> ids;
    Nearest nearest(target, 8);
    for (int i = 0; i < 200; ++i) {
        ids.push_back(random_id(rng));
        nearest.offer({ids.back(), {}});
    }
    std::ranges::sort(ids,
                      [&](const NodeId& a, const NodeId& b) { return is_closer(target, a, b); });
    ASSERT_EQ(nearest.view().size(), 8U);
    for (std::size_t i = 0; i < 8; ++i) {
        EXPECT_EQ(nearest.view()[i].id, ids[i]);
    }
}

TEST(Nearest, HoldsNoMoreThanItsBound) {
    Nearest nearest({}, 1000);
    for (int i = 0; i < 100; ++i) {
        nearest.offer({});
    }
    EXPECT_EQ(nearest.view().size(), kBucketSizeMax);
    Nearest none({}, 0);
    none.offer({});
    EXPECT_TRUE(none.view().empty());
}

}  // namespace
}  // namespace qe::dht
