// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <variant>

#include "sim/checkers/membership.h"
#include "small_world.h"

namespace qe::sim {
namespace {

class MembershipChecker : public ::testing::Test {
  protected:
    MembershipChecker() {
        EXPECT_TRUE(world_.topology().add_region("world").has_value());
        NetworkOptions network;
        network.name = "net";
        network.parent = "world";
        network.v4 = *net::parse_prefix("203.0.113.0/24");
        EXPECT_TRUE(world_.topology().add_network(network).has_value());
        for (const char* const name : {"a", "b"}) {
            HostOptions options;
            options.name = name;
            options.interfaces.push_back({"eth0", "net", {}, 0});
            EXPECT_TRUE(world_.add_host(std::move(options)).has_value());
        }
        world_.add_observer(checker_);
        world_.host(kFounder).start();
        world_.host(kJoiner).start();
    }

    void found() {
        world_.host(kFounder).request(
            control::NetworkCreateRequest{"office", ""}, [this](const control::Reply& reply) {
                EXPECT_TRUE(std::holds_alternative<control::NetworkReply>(reply));
                world_.memberships().add(kFounder);
            });
    }
    void join() {
        std::string token;
        world_.host(kFounder).request(control::InviteRequest{}, [&](const control::Reply& reply) {
            token = std::get<control::InviteReply>(reply).token;
        });
        world_.host(kJoiner).request(
            control::JoinRequest{token, ""}, [this](const control::Reply& reply) {
                EXPECT_TRUE(std::holds_alternative<control::NetworkReply>(reply));
                world_.memberships().add(kJoiner);
            });
    }
    [[nodiscard]] bool objects(std::string_view part) const {
        for (const Violation& violation : checker_.violations()) {
            if (violation.what.find(part) != std::string::npos) {
                return true;
            }
        }
        return false;
    }

    static constexpr HostId kFounder = 0;
    static constexpr HostId kJoiner = 1;
    World world_{7};
    Membership checker_{world_};
};

TEST_F(MembershipChecker, IsContentWhenAllMembersSayTheSame) {
    found();
    join();
    world_.run_for(base::seconds(60));
    checker_.finish(world_);
    EXPECT_TRUE(world_.memberships().together(kFounder, kJoiner));
    EXPECT_TRUE(checker_.violations().empty());
}

TEST_F(MembershipChecker, ObjectsToAMemberThatIsInNoNetwork) {
    found();
    world_.memberships().add(kJoiner);
    world_.run_for(base::seconds(60));
    EXPECT_TRUE(objects("b has joined the network and is in none"));
}

TEST_F(MembershipChecker, ObjectsToASessionWithARevokedMember) {
    found();
    join();
    world_.run_for(base::seconds(10));
    ASSERT_TRUE(checker_.violations().empty());
    world_.memberships().revoke(kJoiner, world_.now());  // whom no node has heard of
    world_.run_for(base::seconds(4));
    EXPECT_TRUE(checker_.violations().empty());
    world_.run_for(base::seconds(6));
    EXPECT_TRUE(objects("a has a session with b"));
}

TEST_F(MembershipChecker, ObjectsToMembersThatKnowOthers) {
    found();
    join();
    world_.run_for(base::seconds(10));
    // The joiner goes on alone: a network of its own, of which the founder knows nothing.
    world_.host(kJoiner).request(control::NetworkLeaveRequest{}, [](const control::Reply&) {});
    world_.host(kJoiner).request(control::NetworkCreateRequest{"other", ""},
                                 [](const control::Reply&) {});
    world_.tell([](Observer& o) { o.on_action("leaves"); });
    world_.run_for(base::seconds(30));
    EXPECT_TRUE(objects("differ about the network"));
}

}  // namespace
}  // namespace qe::sim
