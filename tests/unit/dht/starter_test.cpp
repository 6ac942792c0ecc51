// SPDX-License-Identifier: Apache-2.0
#include "dht/starter.h"

#include <gtest/gtest.h>

namespace qe::dht {
namespace {

const base::Instant kStart = base::Instant::from_nanoseconds(1'000'000'000'000);
const net::SocketAddress kOne = net::parse_socket_address("1.2.3.4:9000", 0).value();

class StarterTest : public ::testing::Test {
  protected:
    base::Rng rng_{base::Rng::Seed{}};
    Starter starter_{rng_};
};

TEST_F(StarterTest, HasNothingToDoWithoutEndpoints) {
    EXPECT_TRUE(starter_.next_deadline(0).is_never());
    EXPECT_FALSE(starter_.poll_start(kStart, 0).has_value());
}

TEST_F(StarterTest, BeginsAtOnceAndAgainWithGrowingPauses) {
    starter_.add(kStart, std::span(&kOne, 1));
    base::Instant now = kStart;
    base::Duration last{};
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(starter_.poll_start(now, 0).has_value());
        EXPECT_FALSE(starter_.poll_start(now, 0).has_value());
        starter_.handle_finished(now, 0, 0);
        const base::Duration pause = starter_.next_deadline(0) - now;
        EXPECT_GE(pause, base::seconds(1));
        EXPECT_LE(pause, base::seconds(96));
        last = pause;
        now = now + pause;
    }
    EXPECT_GE(last, base::seconds(64));
}

TEST_F(StarterTest, FillsTheBucketsAfterwardsOneByOne) {
    starter_.add(kStart, std::span(&kOne, 1));
    ASSERT_TRUE(starter_.poll_start(kStart, 0).has_value());
    EXPECT_FALSE(starter_.poll_bucket().has_value());
    starter_.handle_finished(kStart, 5, 3);
    for (const unsigned bits : {2U, 1U, 0U}) {
        EXPECT_EQ(starter_.poll_bucket(), bits);
        EXPECT_FALSE(starter_.poll_bucket().has_value());
        starter_.handle_finished(kStart, 5, 3);
    }
    EXPECT_FALSE(starter_.poll_bucket().has_value());
    EXPECT_TRUE(starter_.next_deadline(5).is_never());
    EXPECT_EQ(starter_.next_deadline(0), kStart) << "all contacts are lost";
}

TEST_F(StarterTest, AsksNewEndpointsThoughThereAreContacts) {
    starter_.add(kStart, std::span(&kOne, 1));
    EXPECT_EQ(starter_.next_deadline(50), kStart);
    EXPECT_TRUE(starter_.poll_start(kStart, 50).has_value());
}

TEST_F(StarterTest, RemembersTheLatestEndpoints) {
    for (std::uint16_t port = 1; port <= 100; ++port) {
        const net::SocketAddress endpoint{kOne.ip, port, 0};
        starter_.add(kStart, std::span(&endpoint, 1));
        starter_.add(kStart, std::span(&endpoint, 1));
    }
    const auto endpoints = starter_.poll_start(kStart, 0);
    ASSERT_EQ(endpoints->size(), Starter::kEndpointsMax);
    EXPECT_EQ(endpoints->front().port, 100);
}

}  // namespace
}  // namespace qe::dht
