// SPDX-License-Identifier: Apache-2.0
#include "node/session.h"

#include <gtest/gtest.h>

namespace qe::node {
namespace {

using quic::Role;

Link link(Role role, std::uint64_t established_ms, std::uint64_t dial_number = 1) {
    Link l;
    l.role = role;
    l.established_at = base::Instant::from_nanoseconds(established_ms * 1'000'000);
    l.dial_number = dial_number;
    return l;
}

/// Both ends see the same two links, each in its own role and possibly in the other order; they
/// must keep the same one. `expect_first`: which of the two that is. `first` and `second` are as
/// the end with the smaller NodeId sees them.
void expect_agreement(const Link& first, const Link& second, bool expect_first) {
    const auto mirrored = [](Link l) {
        l.role = l.role == Role::Client ? Role::Server : Role::Client;
        return l;
    };
    const Link first_there = mirrored(first);
    const Link second_there = mirrored(second);
    const LinkChoice in_order = expect_first ? LinkChoice::KeepOld : LinkChoice::TakeNew;
    const LinkChoice swapped = expect_first ? LinkChoice::TakeNew : LinkChoice::KeepOld;
    EXPECT_EQ(choose_link({first, second, true, false}), in_order);
    EXPECT_EQ(choose_link({second, first, true, false}), swapped);
    EXPECT_EQ(choose_link({first_there, second_there, false, false}), in_order);
    EXPECT_EQ(choose_link({second_there, first_there, false, false}), swapped);
}

TEST(ChooseLink, KeepsTheOneDialledByTheSmallerIdWhenDialsCrossed) {
    expect_agreement(link(Role::Client, 1000), link(Role::Server, 1010), true);
    expect_agreement(link(Role::Server, 1000), link(Role::Client, 1010), false);
    expect_agreement(link(Role::Client, 1010), link(Role::Server, 1000), true);
}

TEST(ChooseLink, TakesTheLaterDialOfTheSameEnd) {
    expect_agreement(link(Role::Client, 1000, 1), link(Role::Client, 1010, 2), false);
    expect_agreement(link(Role::Server, 1000, 7), link(Role::Server, 1010, 8), false);
    expect_agreement(link(Role::Client, 1010, 1), link(Role::Client, 1000, 2), false);
}

TEST(ChooseLink, TakesTheLaterOneWhenTheDialsCannotHaveCrossed) {
    expect_agreement(link(Role::Client, 1000), link(Role::Server, 7000), false);
    expect_agreement(link(Role::Client, 1000, 9), link(Role::Client, 7000, 1), false);
}

TEST(ChooseLink, TakesTheOneThatSupersedes) {
    Link superseding = link(Role::Server, 1010);
    superseding.supersedes = true;
    expect_agreement(link(Role::Client, 1000), superseding, false);
    expect_agreement(superseding, link(Role::Client, 1020), true);
    // Long ago it superseded others; that says nothing about a link of today.
    expect_agreement(superseding, link(Role::Client, 9000), false);
}

TEST(ChooseLink, TakesTheNewOneAfterARestart) {
    EXPECT_EQ(choose_link({link(Role::Client, 1000), link(Role::Server, 1010), true, true}),
              LinkChoice::TakeNew);
}

TEST(Session, FindsAndForgetsLinks) {
    Session session;
    Link a = link(Role::Client, 1);
    a.connection = {0, 1};
    Link b = link(Role::Client, 2);
    b.connection = {1, 1};
    session.links.push_back(std::move(a));
    session.links.push_back(std::move(b));
    session.active = {1, 1};
    ASSERT_NE(session.active_link(), nullptr);
    session.erase({1, 1});
    EXPECT_EQ(session.active_link(), nullptr);
    EXPECT_TRUE(session.active.is_null());
    EXPECT_NE(session.find({0, 1}), nullptr);
}

}  // namespace
}  // namespace qe::node
