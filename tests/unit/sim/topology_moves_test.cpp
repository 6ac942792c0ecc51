// SPDX-License-Identifier: Apache-2.0
//
// Hosts that leave and join while packets fly.
#include <string>

#include <gtest/gtest.h>

#include "small_internet.h"

namespace qe::sim {
namespace {

using base::milliseconds;

class TopologyMoves : public SmallInternet {
  protected:
    void SetUp() override {
        SmallInternet::SetUp();
        add(network("one", "europe", "203.0.113.0/24"));
        add(network("two", "europe", "198.51.100.0/24"));
    }
    void run(base::Duration time) { scheduler_.run_until(scheduler_.now() + time); }
};

TEST_F(TopologyMoves, LosesAndCountsWhatIsOnTheWayToAHostThatLeaves) {
    join("a", "one");
    Station& b = join("b", "two", link_with(milliseconds(10)));
    const net::SocketAddress old = b.v4;
    send("a", old);
    run(milliseconds(5));  // on its access link
    topology_.detach("b");
    send("a", old);  // finds nobody
    drain(scheduler_);
    EXPECT_TRUE(b.arrivals.all.empty());
    EXPECT_EQ(topology_.device_totals().lost_detached, 1U);
    EXPECT_EQ(topology_.device_totals().lost_no_route, 1U);
}

TEST_F(TopologyMoves, CarriesOnWhatAHostSentBeforeItLeft) {
    Station& a = join("a", "one");
    join("b", "two", link_with(milliseconds(10)));
    send("b", a.v4);
    run(milliseconds(5));
    topology_.detach("b");
    topology_.detach("b");  // again changes nothing
    drain(scheduler_);
    EXPECT_EQ(a.arrivals.all.size(), 1U);
}

TEST_F(TopologyMoves, SwallowsAndCountsWhatIsSentThroughALinkThatIsGone) {
    Station& a = join("a", "one");
    join("b", "two");
    topology_.detach("b");
    send("b", a.v4);
    drain(scheduler_);
    EXPECT_TRUE(a.arrivals.all.empty());
    EXPECT_EQ(topology_.device_totals().lost_detached, 1U);
}

TEST_F(TopologyMoves, GivesAnotherAddressToWhoJoinsAgain) {
    Station& a = join("a", "one");
    const net::SocketAddress first = join("b", "two").v4;
    topology_.detach("b");
    Station& again = join("b", "two");
    EXPECT_NE(again.v4, first);
    EXPECT_TRUE(arrives("a", again.v4, again));
    EXPECT_FALSE(arrives("a", first, again));
    topology_.detach("b");
    Station& moved = join("b", "one");
    EXPECT_TRUE(arrives("a", moved.v4, moved));
    EXPECT_TRUE(arrives("b", a.v4, a));
}

TEST_F(TopologyMoves, JoinsSeveralNetworksAtOnce) {
    Station& wired = join("b/eth0", "one");
    Station& wireless = join("b/wlan0", "two");
    join("a", "one");
    EXPECT_TRUE(arrives("a", wired.v4, wired));
    EXPECT_TRUE(arrives("a", wireless.v4, wireless));
    topology_.detach("b/eth0");
    EXPECT_TRUE(arrives("a", wireless.v4, wireless));
}

TEST_F(TopologyMoves, KeepsTheFiguresOfLinksThatAreGone) {
    Station& a = join("a", "one");
    for (int i = 0; i < 20; ++i) {
        join("b", "two", link_with(milliseconds(2)));
        EXPECT_TRUE(arrives("b", a.v4, a));
        send("b", a.v4);
        topology_.detach("b");
    }
    drain(scheduler_);
    // Access link, two uplinks, access link.
    EXPECT_EQ(topology_.totals().delivered, 40U * 4U);
    EXPECT_EQ(topology_.totals().inside(), 0U);
}

TEST_F(TopologyMoves, DetachesFromWithinADelivery) {
    class Leaver final : public Receiver {
      public:
        explicit Leaver(Topology& topology) : topology_(topology) {}
        void receive(Packet /*packet*/) override {
            ++received;
            topology_.detach("leaver");
            topology_.detach("other");
        }
        int received = 0;

      private:
        Topology& topology_;
    };
    Leaver leaver(topology_);
    join("other", "one");
    join("a", "one");
    const auto attached = topology_.attach("leaver", "two", {}, leaver);
    ASSERT_TRUE(attached);
    for (int i = 0; i < 3; ++i) {
        send("a", {attached->v4.address(), 1, 0});
    }
    drain(scheduler_);
    EXPECT_EQ(leaver.received, 1);
    EXPECT_EQ(topology_.device_totals().lost_detached, 2U);
}

TEST_F(TopologyMoves, ANatBoxGivesOldMappingsToNobodyAfterARebind) {
    NatOptions open;
    open.filtering = NatDependence::EndpointIndependent;
    add(behind_nat("home", "europe", "192.168.1.0/24", open));
    Station& a = join("a", "one");
    Station& b = join("b", "home");
    const net::SocketAddress first = carry("b", a.v4, a).source;
    EXPECT_TRUE(arrives("a", first, b));

    ASSERT_TRUE(topology_.rebind_nat("home", false));
    EXPECT_FALSE(arrives("a", first, b));
    const net::SocketAddress second = carry("b", a.v4, a).source;
    EXPECT_EQ(second.ip, first.ip);
    EXPECT_NE(second.port, first.port);

    ASSERT_TRUE(topology_.rebind_nat("home", true));
    EXPECT_FALSE(arrives("a", second, b));
    const net::SocketAddress third = carry("b", a.v4, a).source;
    EXPECT_NE(third.ip, first.ip);
    EXPECT_EQ(third.ip, topology_.outside_address("home"));
    EXPECT_TRUE(arrives("a", third, b));
    EXPECT_FALSE(arrives("a", {first.ip, third.port, 0}, b)) << "the old address is nobody's";
    EXPECT_EQ(topology_.device_totals().lost_no_route, 2U);
}

}  // namespace
}  // namespace qe::sim
