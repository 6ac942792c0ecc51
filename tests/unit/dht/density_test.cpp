// SPDX-License-Identifier: Apache-2.0
#include "dht/density.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "quicether/dht/distance.h"

namespace qe::dht {
namespace {

constexpr std::size_t kNodes = 1000;

/// The shares of random ids, nearest first.
std::vector<double> shares_of_a_swarm(const NodeId& target, base::Rng& rng) {
    std::vector<double> shares;
    for (std::size_t i = 0; i < kNodes; ++i) {
        shares.push_back(share_within(target, random_id(rng)));
    }
    std::ranges::sort(shares);
    return shares;
}

TEST(Density, ShareIsThePartOfTheKeySpaceThatIsNearer) {
    base::Rng rng{base::Rng::Seed{}};
    const NodeId target = random_id(rng);
    EXPECT_EQ(share_within(target, target), 0);
    EXPECT_GT(share_within(target, antipode(target)), 0.999);
    for (unsigned bits = 0; bits < 60; ++bits) {
        const double share = share_within(target, random_id_at(target, bits, rng));
        EXPECT_LE(share, std::ldexp(1, -static_cast<int>(bits)));
        EXPECT_GE(share, std::ldexp(1, -static_cast<int>(bits) - 1));
    }
}

TEST(Density, TakesHonestIdsForPlausibleEvenIfItUnderestimatesThem) {
    base::Rng rng{base::Rng::Seed{}};
    const Density density(kNodes / 1.5);
    std::size_t doubted = 0;
    for (int swarm = 0; swarm < 100; ++swarm) {
        const auto shares = shares_of_a_swarm(random_id(rng), rng);
        for (std::size_t i = 0; i < 20; ++i) {
            doubted += static_cast<double>(i + 1) > density.plausible_max(shares[i]) ? 1U : 0U;
        }
    }
    EXPECT_LE(doubted, 4U);
}

TEST(Density, DoubtsAnIdThatSharesTooManyBits) {
    const Density density(kNodes);
    EXPECT_LT(density.plausible_max(std::ldexp(1, -32)), 1);
    EXPECT_LT(density.plausible_max(0), 1);
    EXPECT_GE(density.plausible_max(1.0 / kNodes), 1);
    // Nor may eight lie where one is to be expected.
    EXPECT_LT(density.plausible_max(0.5 / kNodes), 8);
}

TEST(Density, FriendsOfALiarAloneAreThin) {
    base::Rng rng{base::Rng::Seed{}};
    const Density density(kNodes);
    std::size_t thin = 0;
    std::size_t thin_without_four_of_five = 0;
    for (int swarm = 0; swarm < 100; ++swarm) {
        const auto shares = shares_of_a_swarm(random_id(rng), rng);
        thin += density.is_thin(8, shares[7]) ? 1U : 0U;
        thin_without_four_of_five += density.is_thin(8, shares[39]) ? 1U : 0U;
    }
    EXPECT_LE(thin, 5U);
    EXPECT_GE(thin_without_four_of_five, 95U);
}

}  // namespace
}  // namespace qe::dht
