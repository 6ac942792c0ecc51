// SPDX-License-Identifier: Apache-2.0
//
// The record in the DHT follows what this node is called and owns.
#include "membership_fixture.h"

namespace qe::node {
namespace {

using base::seconds;

class PublishedRecord : public MembershipWorld {
  protected:
    /// Two hosts that find contacts in each other; the second's record is in the DHT.
    void SetUp() override {
        const HostId boot = add_host("boot");
        bob_ = add_host("bob");
        for (const HostId host : {boot, bob_}) {
            world_.config_of(host).discovery.dht = true;
            world_.config_of(host).discovery.bootstrap_nodes = {{"198.51.100.1", 9000}};
        }
        world_.start(boot);
        world_.start(bob_);
        ASSERT_TRUE(world_.run_until([&] { return age_us().has_value(); }, seconds(30)));
        world_.run_for(seconds(60));
        ASSERT_GE(*age_us(), 50'000'000U);
    }
    std::optional<std::uint64_t> age_us() {
        const auto reply = world_.ask(bob_, control::DhtStatusRequest{});
        return std::get<control::DhtStatusReply>(reply).published_ago_us;
    }

    HostId bob_ = 0;
};

TEST_F(PublishedRecord, StaysWhenNothingOfItHasChanged) {
    world_.reload(bob_);
    world_.run_for(seconds(10));
    EXPECT_GE(*age_us(), 60'000'000U);
}

TEST_F(PublishedRecord, FollowsTheNameAtOnce) {
    world_.config_of(bob_).node.name = "robert";
    world_.reload(bob_);
    world_.run_for(seconds(10));
    EXPECT_LE(*age_us(), 10'000'000U);
}

TEST_F(PublishedRecord, FollowsTheSubnetsAtOnce) {
    world_.config_of(bob_).network.advertise_subnets = {*net::parse_prefix("10.7.0.0/24")};
    world_.reload(bob_);
    world_.run_for(seconds(10));
    EXPECT_LE(*age_us(), 10'000'000U);
}

}  // namespace
}  // namespace qe::node
