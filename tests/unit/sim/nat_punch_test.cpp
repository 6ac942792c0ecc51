// SPDX-License-Identifier: Apache-2.0
//
// NAT boxes in a topology: boxes in series, and which pairs of boxes can be opened from both sides
// with nothing known but what a server saw (RFC 5128, section 3.3).
#include <string>

#include <gtest/gtest.h>

#include "small_internet.h"

namespace qe::sim {
namespace {

constexpr NatDependence kAll[] = {NatDependence::EndpointIndependent, NatDependence::Address,
                                  NatDependence::AddressAndPort};

class NatTopology : public SmallInternet {
  protected:
    void SetUp() override {
        SmallInternet::SetUp();
        add(network("office", "europe", "203.0.113.0/24"));
    }
};

TEST_F(NatTopology, TranslatesTwiceBehindTwoBoxes) {
    add(behind_nat("carrier", "europe", "100.64.0.0/16"));
    add(behind_nat("home", "carrier", "192.168.1.0/24"));
    Station& server = join("server", "office");
    Station& a = join("a", "home");
    const Packet packet = carry("a", server.v4, server);
    EXPECT_EQ(packet.source.ip, topology_.outside_address("carrier"));
    EXPECT_TRUE(prefix("100.64.0.0/16").contains(*topology_.outside_address("home")));
    EXPECT_EQ(packet.hop_limit, 64 - 4) << "home, carrier, europe, office";
    EXPECT_EQ(carry("server", packet.source, a).destination, a.v4);
    EXPECT_FALSE(arrives("server", {packet.source.ip, 1, 0}, a));
}

TEST_F(NatTopology, HostsOfTwoHomesOfOneCarrierNeedItsHairpin) {
    NatOptions home_nat;
    home_nat.filtering = NatDependence::EndpointIndependent;
    for (const bool hairpin : {false, true}) {
        const std::string n = hairpin ? "2" : "1";
        NatOptions carrier_nat = home_nat;
        carrier_nat.hairpin = hairpin;
        add(behind_nat("carrier" + n, "europe", "100.64.0.0/16", carrier_nat));
        add(behind_nat("left" + n, "carrier" + n, "192.168.1.0/24", home_nat));
        add(behind_nat("right" + n, "carrier" + n, "192.168.1.0/24", home_nat));
        Station& server = join("server" + n, "office");
        join("a" + n, "left" + n);
        Station& b = join("b" + n, "right" + n);
        const net::SocketAddress seen = carry("b" + n, server.v4, server).source;
        EXPECT_EQ(arrives("a" + n, seen, b), hairpin);
        const net::SocketAddress within{*topology_.outside_address("right" + n), 1024, 0};
        EXPECT_TRUE(arrives("a" + n, within, b)) << "inside the carrier's network none is needed";
    }
}

TEST_F(NatTopology, ANetworkBelowATranslatedOneIsTranslatedWithIt) {
    add(behind_nat("home", "europe", "192.168.1.0/24"));
    add(network("cellar", "home", "192.168.2.0/24"));
    Station& server = join("server", "office");
    Station& a = join("a", "cellar");
    Station& b = join("b", "home");
    const Packet packet = carry("a", server.v4, server);
    EXPECT_EQ(packet.source.ip, topology_.outside_address("home"));
    EXPECT_TRUE(arrives("server", packet.source, a));
    EXPECT_EQ(carry("b", a.v4, a).source, b.v4);
    EXPECT_EQ(carry("a", b.v4, b).source, a.v4);
}

/// Whether a packet from a box with `from` reaches what a box with `to` showed the server, after
/// the host behind `to` sent to what the server saw of the other.
bool gets_in(const NatOptions& from, const NatOptions& to) {
    if (to.filtering == NatDependence::EndpointIndependent) {
        return true;
    }
    // Otherwise the packet that opened the filter must have left by the same mapping ...
    if (to.mapping != NatDependence::EndpointIndependent) {
        return false;
    }
    // ... to the very port from which the other's packets come now.
    return to.filtering == NatDependence::Address ||
           from.mapping == NatDependence::EndpointIndependent;
}

TEST_F(NatTopology, HolesCanBePunchedWhereTheBehavioursOfBothBoxesAllow) {
    Station& server = join("server", "office");
    int number = 0;
    int opened = 0;
    const auto add_home = [&](NatDependence mapping, NatDependence filtering) {
        NatOptions nat;
        nat.mapping = mapping;
        nat.filtering = filtering;
        const std::string name = "home" + std::to_string(++number);
        add(behind_nat(name, number % 2 == 0 ? "asia" : "europe", "192.168.1.0/24", nat));
        join(name + "/host", name);
        return name;
    };
    ASSERT_TRUE(topology_.connect_regions("europe", "asia", {}));
    for (int pair = 0; pair < 81; ++pair) {
        const std::string left = add_home(kAll[pair % 3], kAll[pair / 3 % 3]);
        const std::string right = add_home(kAll[pair / 9 % 3], kAll[pair / 27]);
        SCOPED_TRACE(left + " " + right);
        Station& a = *stations_.at(left + "/host");
        Station& b = *stations_.at(right + "/host");
        const net::SocketAddress a_seen = carry(left + "/host", server.v4, server).source;
        const net::SocketAddress b_seen = carry(right + "/host", server.v4, server).source;
        for (int attempt = 0; attempt < 2; ++attempt) {
            send(left + "/host", b_seen);
            send(right + "/host", a_seen);
            drain(scheduler_);
        }
        const NatOptions& a_nat = *topology_.find_network(left)->nat;
        const NatOptions& b_nat = *topology_.find_network(right)->nat;
        EXPECT_EQ(!b.arrivals.all.empty(), gets_in(a_nat, b_nat));
        EXPECT_EQ(!a.arrivals.all.empty(), gets_in(b_nat, a_nat));
        opened += a.arrivals.all.empty() && b.arrivals.all.empty() ? 0 : 1;
        if (!b.arrivals.all.empty()) {
            // b answers from another port than the one to which a sent, unless it has only one.
            a.arrivals.all.clear();
            EXPECT_EQ(arrives(right + "/host", b.arrivals.all.back().packet.source, a),
                      b_nat.mapping == NatDependence::EndpointIndependent ||
                          a_nat.filtering != NatDependence::AddressAndPort);
        }
    }
    EXPECT_EQ(opened, 57) << "24 pairs need a relay";
}

}  // namespace
}  // namespace qe::sim
