// SPDX-License-Identifier: Apache-2.0
#include "sim/router.h"

#include <gtest/gtest.h>

#include "underlay.h"

namespace qe::sim {
namespace {

class RouterTest : public ::testing::Test {
  protected:
    RouterTest() {
        router_.set_default(up_);
        router_.add_own(prefix("10.0.0.0/24"));
        router_.add_own(prefix("2001:db8:1::/64"));
        router_.add_route(prefix("10.0.1.0/24"), child_);
        router_.add_host(address("10.0.0.2"), host_);
        router_.add_host(address("2001:db8:1::2"), host_);
        router_.add_box(address("10.0.0.9"), box_);
    }
    static Packet to(std::string_view destination, std::uint8_t hop_limit = 64) {
        Packet packet = packet_between(endpoint("10.0.0.7:1"), {address(destination), 1, 0});
        packet.hop_limit = hop_limit;
        return packet;
    }

    Scheduler scheduler_;
    Arrivals up_{scheduler_};
    Arrivals host_{scheduler_};
    Arrivals box_{scheduler_};
    Arrivals child_{scheduler_};
    Router router_;
};

TEST_F(RouterTest, FindsHostsBoxesNetworksAndTheWayUp) {
    router_.from_host().receive(to("10.0.0.2"));
    host_.take_one();
    router_.from_host().receive(to("2001:db8:1::2"));
    host_.take_one();
    router_.from_host().receive(to("10.0.0.9"));
    box_.take_one();
    router_.from_host().receive(to("10.0.1.77"));
    child_.take_one();
    router_.from_host().receive(to("10.0.2.1"));
    up_.take_one();
    router_.from_below().receive(to("2001:db8:2::1"));
    up_.take_one();
    EXPECT_EQ(router_.counters().forwarded, 6U);
}

TEST_F(RouterTest, DropsWhatIsForAnAddressOfItsOwnThatNobodyHas) {
    router_.from_host().receive(to("10.0.0.3"));
    router_.from_below().receive(to("2001:db8:1::3"));
    router_.remove_address(address("10.0.0.2"));
    router_.from_above().receive(to("10.0.0.2"));
    EXPECT_EQ(router_.counters().lost_no_route, 3U);
    EXPECT_TRUE(up_.all.empty());
}

TEST_F(RouterTest, SendsNothingUpThatCameFromThere) {
    router_.from_above().receive(to("10.0.2.1"));
    EXPECT_TRUE(up_.all.empty());
    EXPECT_EQ(router_.counters().lost_no_route, 1U);
}

TEST_F(RouterTest, CountsHopsBetweenNetworksOnly) {
    router_.from_host().receive(to("10.0.0.2", 1));
    EXPECT_EQ(host_.take_one().hop_limit, 1) << "has not left the network";
    router_.from_above().receive(to("10.0.0.2", 2));
    EXPECT_EQ(host_.take_one().hop_limit, 1);
    router_.from_host().receive(to("10.0.1.7", 1));
    router_.from_above().receive(to("10.0.0.2", 1));
    EXPECT_TRUE(child_.all.empty());
    EXPECT_TRUE(host_.all.empty());
    EXPECT_EQ(router_.counters().lost_hops, 2U);
}

TEST(Router, WithoutADefaultDropsWhatItDoesNotKnow) {
    Router router;
    router.from_below().receive(packet_of(100));
    EXPECT_EQ(router.counters().lost_no_route, 1U);
}

}  // namespace
}  // namespace qe::sim
