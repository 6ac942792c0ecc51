// SPDX-License-Identifier: Apache-2.0
#include "dht/address_votes.h"

#include <gtest/gtest.h>

namespace qe::dht {
namespace {

net::SocketAddress at(const char* text) { return net::parse_socket_address(text, 9000).value(); }

TEST(AddressVotes, NeedsDistinctSubnets) {
    AddressVotes votes(3);
    const auto seen = at("203.0.113.1");
    EXPECT_FALSE(votes.handle_vote(at("8.8.8.1"), seen).has_value());
    EXPECT_FALSE(votes.handle_vote(at("8.8.8.2"), seen).has_value());
    EXPECT_FALSE(votes.handle_vote(at("8.8.8.3"), seen).has_value());
    EXPECT_FALSE(votes.handle_vote(at("8.8.9.1"), seen).has_value());
    EXPECT_EQ(votes.handle_vote(at("8.8.10.1"), seen), seen);
    EXPECT_EQ(votes.agreed(), seen);
    EXPECT_FALSE(votes.handle_vote(at("8.8.11.1"), seen).has_value());
}

TEST(AddressVotes, FollowsAChangeOfAddress) {
    AddressVotes votes(2);
    (void)votes.handle_vote(at("1.1.1.1"), at("203.0.113.1"));
    (void)votes.handle_vote(at("2.2.2.2"), at("203.0.113.1"));
    EXPECT_FALSE(votes.handle_vote(at("1.1.1.1"), at("203.0.113.1:77")).has_value());
    EXPECT_EQ(votes.handle_vote(at("2.2.2.2"), at("203.0.113.1:77")), at("203.0.113.1:77"));
}

TEST(AddressVotes, LiarsOfManySubnetsMustAgree) {
    AddressVotes votes(3);
    for (int i = 1; i < 100; ++i) {
        const std::string voter = std::to_string(i) + ".1.1.1";
        const std::string lie = "203.0.113." + std::to_string(i);
        EXPECT_FALSE(votes.handle_vote(at(voter.c_str()), at(lie.c_str())).has_value());
    }
}

}  // namespace
}  // namespace qe::dht
