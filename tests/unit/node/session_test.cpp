// SPDX-License-Identifier: Apache-2.0
#include "node/session.h"

#include <gtest/gtest.h>

namespace qe::node {
namespace {

using quic::Role;

Link link(Role role, std::uint64_t established_ms) {
    Link l;
    l.role = role;
    l.established_at = base::Instant::from_nanoseconds(established_ms * 1'000'000);
    return l;
}

/// Both ends of one pair of links must decide alike: `a` has the smaller NodeId.
void expect_agreement(Role old_role_at_a, Role new_role_at_a, std::uint64_t gap_ms,
                      LinkChoice expected) {
    const auto other = [](Role r) { return r == Role::Client ? Role::Server : Role::Client; };
    const Link old_a = link(old_role_at_a, 1000);
    const Link new_a = link(new_role_at_a, 1000 + gap_ms);
    const Link old_b = link(other(old_role_at_a), 1000);
    const Link new_b = link(other(new_role_at_a), 1000 + gap_ms);
    EXPECT_EQ(choose_link({old_a, new_a, true, false}), expected);
    EXPECT_EQ(choose_link({old_b, new_b, false, false}), expected);
}

TEST(ChooseLink, KeepsTheOneDialledByTheSmallerIdWhenDialsCrossed) {
    expect_agreement(Role::Client, Role::Server, 10, LinkChoice::KeepOld);
    expect_agreement(Role::Server, Role::Client, 10, LinkChoice::TakeNew);
}

TEST(ChooseLink, TakesTheNewOneWhenTheSameEndDialledAgain) {
    expect_agreement(Role::Client, Role::Client, 10, LinkChoice::TakeNew);
    expect_agreement(Role::Server, Role::Server, 10, LinkChoice::TakeNew);
}

TEST(ChooseLink, TakesTheNewOneWhenTheDialsCannotHaveCrossed) {
    expect_agreement(Role::Client, Role::Server, 6000, LinkChoice::TakeNew);
}

TEST(ChooseLink, TakesTheNewOneAfterARestartOrWhenItSupersedes) {
    const Link old_link = link(Role::Client, 1000);
    Link new_link = link(Role::Server, 1010);
    EXPECT_EQ(choose_link({old_link, new_link, true, true}), LinkChoice::TakeNew);
    new_link.hello.emplace();
    new_link.hello->supersede = true;
    EXPECT_EQ(choose_link({old_link, new_link, true, false}), LinkChoice::TakeNew);
    new_link.hello.reset();
    new_link.supersedes = true;
    EXPECT_EQ(choose_link({old_link, new_link, true, false}), LinkChoice::TakeNew);
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
