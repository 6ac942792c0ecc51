// SPDX-License-Identifier: Apache-2.0
#include "dht/transactions.h"

#include <gtest/gtest.h>

namespace qe::dht {
namespace {

const base::Instant kStart = base::Instant::from_nanoseconds(1'000'000'000'000);

Transaction to(const char* endpoint) {
    Transaction transaction;
    transaction.to.endpoint = net::parse_socket_address(endpoint, 0).value();
    return transaction;
}

class TransactionsTest : public ::testing::Test {
  protected:
    base::Rng rng_{base::Rng::Seed{}};
    Transactions open_{rng_};
};

TEST_F(TransactionsTest, AnswersCountOnceAndFromTheRightPlaceOnly) {
    const Transaction asked = *open_.open(kStart, to("1.2.3.4:5"));
    const auto id = Transactions::wire_id(asked.id);
    const base::Instant later = kStart + base::milliseconds(50);
    EXPECT_FALSE(open_.close(later, to("1.2.3.4:6").to.endpoint, id).has_value());
    EXPECT_FALSE(open_.close(later, asked.to.endpoint, base::ByteView(id).first(3)).has_value());
    EXPECT_FALSE(
        open_.close(later, asked.to.endpoint, Transactions::wire_id(asked.id + 1)).has_value());
    EXPECT_EQ(open_.close(later, asked.to.endpoint, id)->id, asked.id);
    EXPECT_FALSE(open_.close(later, asked.to.endpoint, id).has_value());
    EXPECT_EQ(open_.last_heard(), later);
}

TEST_F(TransactionsTest, OverdueOnesEnd) {
    (void)open_.open(kStart, to("1.2.3.4:5"));
    (void)open_.open(kStart + base::milliseconds(100), to("1.2.3.4:6"));
    EXPECT_EQ(open_.next_deadline(), kStart + RttEstimator::kTimeoutInitial);
    EXPECT_FALSE(open_.poll_overdue(kStart + base::milliseconds(999)).has_value());
    EXPECT_EQ(open_.poll_overdue(kStart + base::milliseconds(1000))->to.endpoint.port, 5);
    EXPECT_FALSE(open_.poll_overdue(kStart + base::milliseconds(1000)).has_value());
    EXPECT_TRUE(open_.has_open(to("1.2.3.4:6").to.endpoint));
    EXPECT_FALSE(open_.has_open(to("1.2.3.4:5").to.endpoint));
}

TEST_F(TransactionsTest, AreBounded) {
    std::size_t opened = 0;
    for (int i = 0; i < 1000; ++i) {
        opened += open_.open(kStart, to("1.2.3.4:5")) != nullptr ? 1U : 0U;
    }
    EXPECT_EQ(opened, Transactions::kCountMax);
}

TEST_F(TransactionsTest, IdsAreUnpredictable) {
    const Transaction first = *open_.open(kStart, to("1.2.3.4:5"));
    const Transaction second = *open_.open(kStart, to("1.2.3.4:5"));
    EXPECT_GT(first.id ^ second.id, 0xffffU);
}

TEST(RttEstimator, WaitsAsLongAsAnswersTake) {
    RttEstimator rtt;
    EXPECT_EQ(rtt.timeout(), RttEstimator::kTimeoutInitial);
    for (int i = 0; i < 50; ++i) {
        rtt.handle_sample(base::milliseconds(i % 2 == 0 ? 150 : 250));
    }
    EXPECT_GT(rtt.timeout(), base::milliseconds(300));
    EXPECT_LT(rtt.timeout(), base::milliseconds(600));
    for (int i = 0; i < 100; ++i) {
        rtt.handle_sample(base::milliseconds(1));
    }
    EXPECT_EQ(rtt.timeout(), RttEstimator::kTimeoutMin);
    for (int i = 0; i < 100; ++i) {
        rtt.handle_sample(base::seconds(60));
    }
    EXPECT_EQ(rtt.timeout(), RttEstimator::kTimeoutMax);
}

}  // namespace
}  // namespace qe::dht
