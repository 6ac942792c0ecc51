// SPDX-License-Identifier: Apache-2.0
#include "dht/guard.h"

#include <gtest/gtest.h>

namespace qe::dht {
namespace {

const base::Instant kStart = base::Instant::from_nanoseconds(1'000'000'000'000);

net::SocketAddress source(std::uint32_t number, std::uint16_t port = 9000) {
    return {net::IpAddress::v4(0x14000000U + number), port, 0};
}

class GuardTest : public ::testing::Test {
  protected:
    GuardTest() {
        limits_.answered.total_per_second = 1'000'000;
        limits_.answered.total_burst = 1'000'000;
    }
    /// How many of `count` queries are admitted, one every `gap`.
    std::size_t admitted(Guard& guard, const net::SocketAddress& from, std::size_t count,
                         base::Duration gap) {
        std::size_t admitted = 0;
        for (std::size_t i = 0; i < count; ++i) {
            admitted +=
                guard.admits(kStart + gap * static_cast<std::int64_t>(i), from, Standing::Stranger)
                    ? 1U
                    : 0U;
        }
        return admitted;
    }
    base::Rng rng_{base::Rng::Seed{}};
    GuardLimits limits_;
};

TEST(Rate, AllowsABurstThenTheLongRun) {
    const RateLimit limit = RateLimit::of(10, base::seconds(1), 5);
    Rate rate;
    int taken = 0;
    for (int i = 0; i < 100; ++i) {
        taken += rate.take(kStart, limit) ? 1 : 0;
    }
    EXPECT_EQ(taken, 5);
    EXPECT_EQ(rate.next_allowed(limit), kStart + base::milliseconds(100));
    EXPECT_FALSE(rate.take(kStart + base::milliseconds(99), limit));
    EXPECT_TRUE(rate.take(kStart + base::milliseconds(100), limit));
    rate.count(kStart + base::milliseconds(100), limit);
    EXPECT_FALSE(rate.take(kStart + base::milliseconds(200), limit)) << "debts are worked off";
}

TEST_F(GuardTest, LimitsOneSource) {
    Guard guard(limits_, rng_);
    const std::size_t passed = admitted(guard, source(1), 50'000, base::microseconds(20));
    EXPECT_GE(passed, limits_.answered.per_source_burst);
    EXPECT_LE(passed, limits_.answered.per_source_burst + limits_.answered.per_source_per_second);
}

TEST_F(GuardTest, APortChangesNothing) {
    Guard guard(limits_, rng_);
    std::size_t passed = 0;
    for (std::uint16_t port = 1; port < 1000; ++port) {
        passed += guard.admits(kStart, source(1, port), Standing::Stranger) ? 1U : 0U;
    }
    EXPECT_EQ(passed, limits_.answered.per_source_burst);
}

TEST_F(GuardTest, LimitsOneSubnet) {
    Guard guard(limits_, rng_);
    std::size_t passed = 0;
    for (std::uint32_t host = 0; host < 256; ++host) {
        passed += admitted(guard, source(host), 20, base::Duration(0));
    }
    EXPECT_LE(passed, limits_.answered.per_subnet_burst);
    EXPECT_GE(passed, limits_.answered.per_subnet_burst * 9 / 10);
}

TEST_F(GuardTest, LimitsAllTogether) {
    limits_.answered.total_per_second = 100;
    limits_.answered.total_burst = 100;
    Guard guard(limits_, rng_);
    std::size_t passed = 0;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        passed += guard.admits(kStart, source(i << 8), Standing::Stranger) ? 1U : 0U;
    }
    EXPECT_EQ(passed, 100U);
}

TEST_F(GuardTest, FloodsSilenceFewOthers) {
    Guard guard(limits_, rng_);
    for (std::uint32_t flood = 0; flood < 100; ++flood) {
        (void)admitted(guard, source(flood << 8), 1000, base::microseconds(10));
    }
    std::size_t heard = 0;
    for (std::uint32_t other = 1000; other < 2000; ++other) {
        heard +=
            guard.admits(kStart + base::milliseconds(10), source(other << 8), Standing::Stranger)
                ? 1U
                : 0U;
    }
    EXPECT_GE(heard, 960U);
}

TEST_F(GuardTest, FloodsOfStrangersLeaveTheKnownTheirShare) {
    limits_ = GuardLimits{};
    Guard guard(limits_, rng_);
    // 50,000 a second from addresses in as many subnets: all that strangers may have is used up.
    for (std::uint32_t i = 0; i < 50'000; ++i) {
        (void)guard.hears(kStart + base::microseconds(20 * i), source(i << 8), Standing::Stranger);
        (void)guard.admits(kStart + base::microseconds(20 * i), source(i << 8), Standing::Stranger);
    }
    const base::Instant now = kStart + base::seconds(1);
    const net::SocketAddress other = source(60'000U << 8);
    const auto heard = [&](const net::SocketAddress& from, Standing standing) {
        return guard.hears(now, from, standing) && guard.admits(now, from, standing);
    };
    std::size_t strangers = 0;
    for (std::uint32_t i = 0; i < 100; ++i) {
        strangers += heard(source((61'000U + i) << 8), Standing::Stranger) ? 1U : 0U;
    }
    EXPECT_LE(strangers, 1U);
    std::size_t known = 0;
    for (int i = 0; i < 1000; ++i) {
        known += heard(other, Standing::Known) ? 1U : 0U;
    }
    EXPECT_EQ(known, limits_.answered.per_source_burst) << "the known have a limit as well";
}

TEST_F(GuardTest, OneSourceOrSubnetTakesNothingFromOthers) {
    limits_ = GuardLimits{};
    Guard guard(limits_, rng_);
    for (std::uint32_t i = 0; i < 50'000; ++i) {
        (void)guard.hears(kStart + base::microseconds(20 * i), source(i % 250), Standing::Stranger);
    }
    const base::Instant now = kStart + base::seconds(1);
    std::size_t neighbours = 0;
    for (std::uint32_t host = 251; host < 256; ++host) {
        neighbours += guard.hears(now, source(host), Standing::Stranger) ? 1U : 0U;
    }
    EXPECT_LE(neighbours, 1U);
    EXPECT_TRUE(guard.hears(now, source(1 << 8), Standing::Stranger));
}

TEST_F(GuardTest, RemembersABoundedNumberOfProvenAddresses) {
    limits_.validated_max = 10;
    Guard guard(limits_, rng_);
    EXPECT_FALSE(guard.is_validated(kStart, source(1)));
    for (std::uint32_t i = 0; i < 20; ++i) {
        guard.handle_validated(kStart + base::seconds(i), source(i));
    }
    const base::Instant now = kStart + base::seconds(20);
    EXPECT_TRUE(guard.is_validated(now, source(19)));
    EXPECT_FALSE(guard.is_validated(now, source(9)));
    EXPECT_FALSE(guard.is_validated(now, source(19, 9001)));
    EXPECT_FALSE(guard.is_validated(now + base::seconds(600), source(19)));
}

TEST_F(GuardTest, WithoutRoomProvesNobody) {
    limits_.validated_max = 0;
    Guard guard(limits_, rng_);
    guard.handle_validated(kStart, source(1));
    EXPECT_FALSE(guard.is_validated(kStart, source(1)));
}

}  // namespace
}  // namespace qe::dht
