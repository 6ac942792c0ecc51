// SPDX-License-Identifier: Apache-2.0
#include "sim/topology.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "small_internet.h"

namespace qe::sim {
namespace {

using base::milliseconds;
using base::seconds;

class TopologyTest : public SmallInternet {};

TEST_F(TopologyTest, GivesAddressesInTheOrderOfJoining) {
    NetworkOptions office = network("office", "europe", "203.0.113.0/24");
    office.v6 = prefix("2001:db8:5::/64");
    add(office);
    EXPECT_EQ(join("a", "office").attachment.v4.to_string(), "203.0.113.2/24");
    const Station& b = join("b", "office");
    EXPECT_EQ(b.attachment.network, "office");
    EXPECT_EQ(b.attachment.v4.to_string(), "203.0.113.3/24");
    ASSERT_TRUE(b.attachment.v6);
    EXPECT_EQ(b.attachment.v6->to_string(), "2001:db8:5::3/64");
}

TEST_F(TopologyTest, TakesTheSumOfAllDelays) {
    PipeOptions way;
    way.delay = milliseconds(80);
    ASSERT_TRUE(topology_.connect_regions("europe", "asia", way));
    NetworkOptions one = network("one", "europe", "203.0.113.0/24");
    one.uplink = link_with(milliseconds(3));
    NetworkOptions two = network("two", "asia", "198.51.100.0/24");
    two.uplink = link_with(milliseconds(5));
    add(one);
    add(two);
    join("a", "one", link_with(milliseconds(1)));
    Station& b = join("b", "two", link_with(milliseconds(7)));
    const base::Instant start = scheduler_.now();
    send("a", b.v4);
    drain(scheduler_);
    ASSERT_EQ(b.arrivals.all.size(), 1U);
    EXPECT_EQ(b.arrivals.all[0].at, start + milliseconds(1 + 3 + 80 + 5 + 7));
    EXPECT_EQ(b.arrivals.all[0].packet.source, stations_.at("a")->v4);
    EXPECT_EQ(b.arrivals.all[0].packet.hop_limit, 64 - 4);
}

TEST_F(TopologyTest, HostsOfOneNetworkTalkInsideIt) {
    add(behind_nat("home", "europe", "192.168.1.0/24"));
    join("a", "home", link_with(milliseconds(1)));
    Station& b = join("b", "home", link_with(milliseconds(1)));
    const Packet packet = carry("a", b.v4, b);
    EXPECT_EQ(packet.source, stations_.at("a")->v4) << "not translated";
    EXPECT_EQ(packet.hop_limit, 64);
    EXPECT_EQ(topology_.link_counters("home")->entered, 0U);
}

TEST_F(TopologyTest, RegionsWithoutAWayAreApartEvenWithOneBetween) {
    ASSERT_TRUE(topology_.add_region("africa"));
    add(network("one", "europe", "203.0.113.0/24"));
    ASSERT_TRUE(topology_.connect_regions("europe", "asia", {}));
    ASSERT_TRUE(topology_.connect_regions("asia", "africa", {}));
    add(network("two", "africa", "198.51.100.0/24"));
    join("a", "one");
    Station& b = join("b", "two");
    EXPECT_FALSE(arrives("a", b.v4, b));
    EXPECT_EQ(topology_.device_totals().lost_no_route, 1U);
    ASSERT_TRUE(topology_.connect_regions("africa", "europe", {}));
    EXPECT_TRUE(arrives("a", b.v4, b)) << "networks are announced to regions connected later";
    EXPECT_TRUE(arrives("b", stations_.at("a")->v4, *stations_.at("a")));
}

TEST_F(TopologyTest, RoutesNetworksBelowNetworks) {
    add(network("isp", "europe", "203.0.113.0/24"));
    add(network("campus", "isp", "198.51.100.0/25"));
    add(network("lab", "campus", "198.51.100.128/25"));
    add(network("far", "asia", "192.0.2.0/24"));
    ASSERT_TRUE(topology_.connect_regions("europe", "asia", {}));
    Station& deep = join("deep", "lab");
    Station& near = join("near", "isp");
    Station& far = join("far-host", "far");
    EXPECT_TRUE(arrives("far-host", deep.v4, deep));
    EXPECT_TRUE(arrives("deep", far.v4, far));
    EXPECT_TRUE(arrives("near", deep.v4, deep));
    EXPECT_TRUE(arrives("deep", near.v4, near));
}

TEST_F(TopologyTest, CarriesIpv6PastNatBoxes) {
    NetworkOptions home = behind_nat("home", "europe", "192.168.1.0/24");
    home.v6 = prefix("2001:db8:1::/64");
    NetworkOptions office = network("office", "europe", "203.0.113.0/24");
    office.v6 = prefix("2001:db8:2::/64");
    add(home);
    add(office);
    Station& a = join("a", "home");
    Station& b = join("b", "office");
    EXPECT_EQ(carry("a", b.v6, b).source, a.v6);
    EXPECT_EQ(carry("b", a.v6, a).source, b.v6) << "unasked, too";
    EXPECT_NE(carry("a", b.v4, b).source, a.v4);
}

TEST_F(TopologyTest, PutsAFirewallOutsideTheNatBox) {
    NatOptions open;
    open.filtering = NatDependence::EndpointIndependent;
    NetworkOptions home = behind_nat("home", "europe", "192.168.1.0/24", open);
    home.v6 = prefix("2001:db8:1::/64");
    home.firewall = FirewallOptions{};
    add(home);
    NetworkOptions office = network("office", "europe", "203.0.113.0/24");
    office.v6 = prefix("2001:db8:2::/64");
    add(office);
    Station& a = join("a", "home");
    Station& b = join("b", "office");
    Station& c = join("c", "office");
    const net::SocketAddress mapped = carry("a", b.v4, b).source;
    EXPECT_TRUE(arrives("b", mapped, a));
    EXPECT_FALSE(arrives("c", mapped, a)) << "the NAT box would let it in";
    EXPECT_FALSE(arrives("c", a.v6, a));
    EXPECT_TRUE(arrives("a", c.v6, c));
    EXPECT_TRUE(arrives("c", a.v6, a));
    EXPECT_EQ(topology_.device_totals().lost_firewall, 2U);
}

TEST_F(TopologyTest, LetsPacketsDieOfTheirHopLimit) {
    add(network("one", "europe", "203.0.113.0/24"));
    add(network("two", "europe", "198.51.100.0/24"));
    Station& a = join("a", "one");
    Station& b = join("b", "two");
    for (const std::uint8_t hops : {std::uint8_t{3}, std::uint8_t{4}}) {
        Packet packet = packet_between(a.v4, b.v4);
        packet.hop_limit = hops;
        topology_.entry("a").receive(packet);
    }
    drain(scheduler_);
    EXPECT_EQ(b.arrivals.take_one().hop_limit, 1);
    EXPECT_EQ(topology_.device_totals().lost_hops, 1U);
}

TEST_F(TopologyTest, KeepsPrivateAddressesInTheirNetwork) {
    add(behind_nat("home", "europe", "192.168.1.0/24"));
    add(behind_nat("other", "europe", "192.168.1.0/24"));
    add(network("office", "europe", "203.0.113.0/24"));
    Station& a = join("a", "home");
    Station& b = join("b", "other");
    join("c", "office");
    EXPECT_EQ(a.v4, b.v4);
    EXPECT_FALSE(arrives("c", a.v4, a));
    EXPECT_TRUE(b.arrivals.all.empty());
    EXPECT_EQ(topology_.device_totals().lost_no_route, 1U);
}

TEST_F(TopologyTest, ChangesLinksWhileTheyCarryPackets) {
    add(network("one", "europe", "203.0.113.0/24"));
    add(network("two", "asia", "198.51.100.0/24"));
    ASSERT_TRUE(topology_.connect_regions("europe", "asia", {}));
    Station& a = join("a", "one");
    Station& b = join("b", "two");
    for (const std::string link : {"a", "one", "europe-asia", "two", "b"}) {
        SCOPED_TRACE(link);
        const auto before = topology_.link_options(link);
        ASSERT_TRUE(before);
        LinkOptions broken = *before;
        const bool leads_up = link == "a" || link == "one" || link == "europe-asia";
        (leads_up ? broken.up : broken.down).up = false;
        ASSERT_TRUE(topology_.set_link(link, broken));
        EXPECT_EQ(topology_.link_options(link), broken);
        EXPECT_FALSE(arrives("a", b.v4, b));
        EXPECT_TRUE(arrives("b", a.v4, a)) << "only one way is broken";
        EXPECT_EQ(topology_.link_counters(link)->lost_down, 1U);
        ASSERT_TRUE(topology_.set_link(link, *before));
        EXPECT_TRUE(arrives("a", b.v4, b));
    }
    EXPECT_EQ(topology_.links(), (std::vector<std::string>{"europe-asia", "one", "two", "a", "b"}));
    EXPECT_FALSE(topology_.link_options("nowhere"));
    EXPECT_FALSE(topology_.set_link("nowhere", {}));
    EXPECT_FALSE(topology_.link_counters("europe"));
}

TEST_F(TopologyTest, RefusesWhatCannotBe) {
    add(network("one", "europe", "203.0.113.0/24"));
    add(behind_nat("home", "europe", "192.168.1.0/24"));
    join("a", "one");
    const auto refused = [this](const NetworkOptions& options) {
        const auto added = topology_.add_network(options);
        return !added && added.error().code == base::ErrorCode::kBadConfig;
    };
    EXPECT_TRUE(refused(network("x", "mars", "198.51.100.0/24")));
    EXPECT_TRUE(refused(network("", "europe", "198.51.100.0/24")));
    EXPECT_TRUE(refused(network("one", "europe", "198.51.100.0/24")));
    EXPECT_TRUE(refused(network("a", "europe", "198.51.100.0/24"))) << "is a link";
    EXPECT_TRUE(refused(network("x", "asia", "203.0.113.128/25"))) << "is one's";
    EXPECT_TRUE(refused(network("x", "europe", "198.19.255.0/24"))) << "is the regions'";
    EXPECT_TRUE(refused(behind_nat("x", "one", "203.0.113.128/25"))) << "on both sides";
    EXPECT_TRUE(refused(network("x", "home", "192.168.0.0/16")));
    NetworkOptions options = network("x", "europe", "198.51.100.0/24");
    options.v4 = prefix("2001:db8::/64");
    EXPECT_TRUE(refused(options));
    options.v4 = {};
    EXPECT_TRUE(refused(options));
    options = network("x", "europe", "198.51.100.0/24");
    options.v6 = prefix("10.0.0.0/8");
    EXPECT_TRUE(refused(options));
    NatOptions nat;
    nat.mappings_max = 0;
    EXPECT_TRUE(refused(behind_nat("x", "europe", "192.168.1.0/24", nat)));
    EXPECT_FALSE(topology_.add_region("one"));
    EXPECT_FALSE(topology_.connect_regions("europe", "one", {}));
    EXPECT_FALSE(topology_.connect_regions("europe", "europe", {}));
    ASSERT_TRUE(topology_.connect_regions("europe", "asia", {}));
    EXPECT_FALSE(topology_.connect_regions("asia", "europe", {}));
    EXPECT_FALSE(topology_.rebind_nat("one", false));
    Arrivals nobody(scheduler_);
    EXPECT_FALSE(topology_.attach("a", "one", {}, nobody)) << "joined already";
    EXPECT_FALSE(topology_.attach("b", "europe", {}, nobody)) << "no network";
    add(network("x", "europe", "198.51.100.0/24"));
}

TEST_F(TopologyTest, RefusesHostsWhenANetworkIsFull) {
    NetworkOptions tiny = network("tiny", "europe", "203.0.113.0/30");
    tiny.v6 = prefix("2001:db8:1::/64");
    add(tiny);
    Arrivals nobody(scheduler_);
    EXPECT_TRUE(topology_.attach("a", "tiny", {}, nobody));
    EXPECT_FALSE(topology_.attach("b", "tiny", {}, nobody));
    EXPECT_FALSE(topology_.add_network(behind_nat("inner", "tiny", "10.0.0.0/8")));
    topology_.detach("a");
    EXPECT_TRUE(topology_.attach("b", "tiny", {}, nobody));
}

TEST_F(TopologyTest, RemembersWhatNetworksWereAddedWith) {
    add(behind_nat("home", "europe", "192.168.1.0/24"));
    ASSERT_NE(topology_.find_network("home"), nullptr);
    EXPECT_EQ(topology_.find_network("home")->parent, "europe");
    EXPECT_EQ(topology_.find_network("europe"), nullptr);
    EXPECT_EQ(topology_.outside_address("home"), address("198.18.0.2"));
    EXPECT_FALSE(topology_.outside_address("europe"));
}

}  // namespace
}  // namespace qe::sim
