// SPDX-License-Identifier: Apache-2.0
#include "sim/address_pool.h"

#include <gtest/gtest.h>

#include "underlay.h"

namespace qe::sim {
namespace {

TEST(AddressPool, GivesAddressesInOrderAfterTheRouters) {
    AddressPool pool(prefix("10.1.2.0/24"));
    EXPECT_EQ(pool.take(), address("10.1.2.2"));
    EXPECT_EQ(pool.take(), address("10.1.2.3"));
    AddressPool v6(prefix("2001:db8:0:7::/64"));
    EXPECT_EQ(v6.take(), address("2001:db8:0:7::2"));
    EXPECT_EQ(v6.take(), address("2001:db8:0:7::3"));
}

TEST(AddressPool, GivesReturnedAddressesLast) {
    AddressPool pool(prefix("10.1.2.8/29"));  // .10 to .14
    const auto first = pool.take();
    ASSERT_TRUE(first);
    pool.give_back(*first);
    for (const char* expected : {"10.1.2.11", "10.1.2.12", "10.1.2.13", "10.1.2.14", "10.1.2.10"}) {
        EXPECT_EQ(pool.take(), address(expected));
    }
    EXPECT_FALSE(pool.take());
    pool.give_back(address("10.1.2.12"));
    EXPECT_EQ(pool.take(), address("10.1.2.12"));
}

TEST(AddressPool, UsesAllOfTheSmallestPrefixes) {
    AddressPool one(prefix("10.1.2.7/32"));
    EXPECT_EQ(one.take(), address("10.1.2.7"));
    EXPECT_FALSE(one.take());
    AddressPool two(prefix("10.1.2.7/31"));
    EXPECT_EQ(two.take(), address("10.1.2.6"));
    EXPECT_EQ(two.take(), address("10.1.2.7"));
    EXPECT_FALSE(two.take());
}

TEST(AddressPool, CarriesOverBytes) {
    AddressPool pool(prefix("10.1.0.0/16"));
    for (int i = 2; i < 256; ++i) {
        EXPECT_TRUE(pool.take());
    }
    EXPECT_EQ(pool.take(), address("10.1.1.0"));
}

}  // namespace
}  // namespace qe::sim
