// SPDX-License-Identifier: Apache-2.0
#include "dht/publications.h"

#include <gtest/gtest.h>

namespace qe::dht {
namespace {

const base::Instant kStart = base::Instant::from_nanoseconds(1'000'000'000'000);

Operation operation(std::uint8_t number, OperationKind kind = OperationKind::PutItem) {
    Operation operation;
    operation.kind = kind;
    operation.target.bytes[0] = std::byte{number};
    operation.cas = 7;
    return operation;
}

StoreFinished end_of(const Operation& operation, std::uint32_t id, std::uint32_t accepted) {
    StoreFinished finished;
    finished.operation = {id};
    finished.target = operation.target;
    finished.accepted = accepted;
    return finished;
}

class PublicationsTest : public ::testing::Test {
  protected:
    PublicationsTest() { config_.publications_max = 3; }
    base::Rng rng_{base::Rng::Seed{}};
    DhtConfig config_;
};

TEST_F(PublicationsTest, AreDueAtHalfTheLifetimeOrAbitSooner) {
    Publications kept(config_, rng_);
    const Operation item = operation(1);
    ASSERT_TRUE(kept.keep(kStart, item));
    kept.handle_started(item.target, {1});
    EXPECT_TRUE(kept.next_deadline().is_never()) << "it is being published";
    EXPECT_FALSE(kept.repeats({1}));
    kept.handle_finished(kStart, end_of(item, 1, 8));
    const base::Duration pause = kept.next_deadline() - kStart;
    EXPECT_LE(pause, base::seconds(3600));
    EXPECT_GE(pause, base::seconds(3240));
    EXPECT_FALSE(kept.poll_due(kStart + pause - base::seconds(1)).has_value());
    const auto due = kept.poll_due(kStart + pause);
    ASSERT_TRUE(due.has_value());
    EXPECT_EQ(due->target, item.target);
    EXPECT_FALSE(due->cas.has_value());
    kept.handle_started(item.target, {2});
    EXPECT_TRUE(kept.repeats({2}));
}

TEST_F(PublicationsTest, AnnouncementsAreDueSooner) {
    Publications kept(config_, rng_);
    ASSERT_TRUE(kept.keep(kStart, operation(1, OperationKind::Announce)));
    EXPECT_LE(kept.next_deadline() - kStart, base::seconds(900));
}

TEST_F(PublicationsTest, FailuresAreTriedAgainWithGrowingPauses) {
    Publications kept(config_, rng_);
    const Operation item = operation(1);
    ASSERT_TRUE(kept.keep(kStart, item));
    base::Duration last{};
    for (std::uint32_t id = 1; id < 6; ++id) {
        kept.handle_started(item.target, {id});
        kept.handle_finished(kStart, end_of(item, id, 0));
        EXPECT_GT(kept.next_deadline() - kStart, last);
        last = kept.next_deadline() - kStart;
    }
    EXPECT_LE(last, base::seconds(160));
    EXPECT_GE(last, base::seconds(144));
}

TEST_F(PublicationsTest, AreBoundedAndReplacedByTarget) {
    Publications kept(config_, rng_);
    for (const int number : {1, 2, 3}) {
        EXPECT_TRUE(kept.keep(kStart, operation(static_cast<std::uint8_t>(number))));
    }
    EXPECT_FALSE(kept.keep(kStart, operation(4)));
    EXPECT_TRUE(kept.keep(kStart, operation(3)));
    EXPECT_EQ(kept.size(), 3U);
    kept.withdraw(operation(2).target);
    EXPECT_TRUE(kept.keep(kStart, operation(4)));
}

TEST_F(PublicationsTest, EndsOfOtherOperationsChangeNothing) {
    Publications kept(config_, rng_);
    const Operation item = operation(1);
    ASSERT_TRUE(kept.keep(kStart, item));
    kept.handle_started(item.target, {5});
    kept.handle_finished(kStart, end_of(item, 4, 8));
    EXPECT_TRUE(kept.next_deadline().is_never());
}

}  // namespace
}  // namespace qe::dht
