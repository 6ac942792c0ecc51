// SPDX-License-Identifier: Apache-2.0
#include "sim/nat.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "underlay.h"

namespace qe::sim {
namespace {

using base::seconds;

/// A box with an outside address of 203.0.113.9 and what passes it.
struct Box {
    explicit Box(const NatOptions& options) : nat(scheduler, seeded(1), options, kOutside) {
        nat.join(inside, outside);
    }
    /// The source that the outside sees; port 0 when nothing passed.
    net::SocketAddress send(std::string_view from, std::string_view to) {
        nat.inside().receive(packet_between(endpoint(from), endpoint(to)));
        return outside.all.empty() ? net::SocketAddress{} : outside.take_one().source;
    }
    /// Whether it came in.
    bool admit(std::string_view from, const net::SocketAddress& to) {
        nat.outside().receive(packet_between(endpoint(from), to));
        const bool passed = !inside.all.empty();
        if (passed) {
            last_in = inside.take_one();
        }
        return passed;
    }
    void wait(base::Duration time) { scheduler.run_until(scheduler.now() + time); }

    const net::IpAddress kOutside = address("203.0.113.9");
    Scheduler scheduler;
    Arrivals inside{scheduler};
    Arrivals outside{scheduler};
    NatBox nat;
    Packet last_in;
};

constexpr NatDependence kAll[] = {NatDependence::EndpointIndependent, NatDependence::Address,
                                  NatDependence::AddressAndPort};

struct Behaviour {
    NatDependence mapping;
    NatDependence filtering;
    NatAllocation allocation;
};

class NatBehaviour : public ::testing::TestWithParam<Behaviour> {
  protected:
    static NatOptions options() {
        NatOptions options;
        options.mapping = GetParam().mapping;
        options.filtering = GetParam().filtering;
        options.allocation = GetParam().allocation;
        return options;
    }
};

// RFC 4787, section 4.1: which remotes see the same outside port.
TEST_P(NatBehaviour, MapsByAsMuchOfTheRemoteAsItIsToldTo) {
    Box box(options());
    const auto first = box.send("10.0.0.2:5000", "192.0.2.1:1");
    const auto other_port = box.send("10.0.0.2:5000", "192.0.2.1:2");
    const auto other_address = box.send("10.0.0.2:5000", "192.0.2.7:1");
    EXPECT_EQ(first.ip, box.kOutside);
    EXPECT_EQ(box.send("10.0.0.2:5000", "192.0.2.1:1"), first) << "the same remote";
    EXPECT_EQ(first == other_port, GetParam().mapping != NatDependence::AddressAndPort);
    EXPECT_EQ(first == other_address, GetParam().mapping == NatDependence::EndpointIndependent);
    EXPECT_NE(box.send("10.0.0.3:5000", "192.0.2.1:1"), first) << "another insider";
    EXPECT_NE(box.send("10.0.0.2:5001", "192.0.2.1:1"), first) << "another socket";
}

// RFC 4787, section 5: who may send to a mapping made by a packet to 192.0.2.1:1.
TEST_P(NatBehaviour, FiltersByAsMuchOfTheRemoteAsItIsToldTo) {
    Box box(options());
    const auto mapped = box.send("10.0.0.2:5000", "192.0.2.1:1");
    EXPECT_TRUE(box.admit("192.0.2.1:1", mapped));
    EXPECT_EQ(box.last_in.destination, endpoint("10.0.0.2:5000"));
    EXPECT_EQ(box.last_in.source, endpoint("192.0.2.1:1")) << "seen as it is";
    EXPECT_EQ(box.admit("192.0.2.1:2", mapped),
              GetParam().filtering != NatDependence::AddressAndPort);
    EXPECT_EQ(box.admit("192.0.2.7:1", mapped),
              GetParam().filtering == NatDependence::EndpointIndependent);
    const std::uint64_t refused = 3 - box.nat.counters().inbound;
    EXPECT_EQ(box.nat.counters().lost_filtered, refused);
    EXPECT_FALSE(
        box.admit("192.0.2.1:1", {box.kOutside, static_cast<std::uint16_t>(mapped.port ^ 1), 0}));
    EXPECT_EQ(box.nat.counters().lost_unmapped, 1U);
}

std::vector<Behaviour> all_behaviours() {
    std::vector<Behaviour> all;
    for (const NatDependence mapping : kAll) {
        for (const NatDependence filtering : kAll) {
            all.push_back({mapping, filtering, NatAllocation::Contiguous});
            all.push_back({mapping, filtering, NatAllocation::Random});
        }
    }
    return all;
}

std::string name_of(const ::testing::TestParamInfo<Behaviour>& info) {
    const auto text = [](NatDependence dependence) -> std::string {
        switch (dependence) {
            case NatDependence::EndpointIndependent:
                return "Independent";
            case NatDependence::Address:
                return "Address";
            default:
                return "AddressAndPort";
        }
    };
    return "Maps" + text(info.param.mapping) + "Filters" + text(info.param.filtering) +
           (info.param.allocation == NatAllocation::Random ? "Random" : "Contiguous");
}

INSTANTIATE_TEST_SUITE_P(Rfc4787, NatBehaviour, ::testing::ValuesIn(all_behaviours()), name_of);

TEST(NatBox, GivesContiguousOrRandomPortsInItsRange) {
    NatOptions options;
    options.port_first = 40000;
    options.port_last = 40099;
    Box contiguous(options);
    options.allocation = NatAllocation::Random;
    Box random(options);
    std::set<std::uint16_t> ports;
    bool in_order = true;
    for (std::uint16_t i = 0; i < 100; ++i) {
        const std::string from = "10.0.0.2:" + std::to_string(5000 + i);
        EXPECT_EQ(contiguous.send(from, "192.0.2.1:1").port, 40000 + i);
        const std::uint16_t port = random.send(from, "192.0.2.1:1").port;
        EXPECT_TRUE(ports.insert(port).second) << "never one port for two";
        in_order = in_order && port == 40000 + i;
    }
    EXPECT_FALSE(in_order);
    EXPECT_EQ(*ports.begin(), 40000);
    EXPECT_EQ(*ports.rbegin(), 40099);
    EXPECT_EQ(contiguous.send("10.0.0.2:9", "192.0.2.1:1").port, 0) << "none is left";
    EXPECT_EQ(contiguous.nat.counters().lost_full, 1U);
}

TEST(NatBox, PreservesThePortOfTheFirstWhoHasIt) {
    NatOptions options;
    options.preserve_ports = true;
    options.mapping = NatDependence::AddressAndPort;
    Box box(options);
    EXPECT_EQ(box.send("10.0.0.2:5000", "192.0.2.1:1").port, 5000);
    const std::uint16_t second_remote = box.send("10.0.0.2:5000", "192.0.2.1:2").port;
    const std::uint16_t other_insider = box.send("10.0.0.3:5000", "192.0.2.1:1").port;
    EXPECT_NE(second_remote, 5000);
    EXPECT_NE(other_insider, 5000);
    EXPECT_NE(other_insider, second_remote);
    EXPECT_NE(box.send("10.0.0.2:80", "192.0.2.1:1").port, 80) << "outside the range";
}

TEST(NatBox, KeepsMappingsAliveByOutboundPacketsOnly) {
    NatOptions options;
    options.lifetime = seconds(30);
    Box box(options);
    const auto mapped = box.send("10.0.0.2:5000", "192.0.2.1:1");
    box.wait(seconds(29));
    EXPECT_EQ(box.send("10.0.0.2:5000", "192.0.2.1:1"), mapped);
    box.wait(seconds(29));
    EXPECT_TRUE(box.admit("192.0.2.1:1", mapped));
    box.wait(seconds(1));
    EXPECT_FALSE(box.admit("192.0.2.1:1", mapped)) << "what came in has refreshed nothing";
    EXPECT_EQ(box.nat.counters().lost_unmapped, 1U);
    EXPECT_NE(box.send("10.0.0.2:5000", "192.0.2.1:1"), mapped) << "ports go round";
}

TEST(NatBox, ForgetsARemoteToWhichNobodySendsThoughTheMappingLives) {
    NatOptions options;
    options.lifetime = seconds(30);
    Box box(options);
    const auto mapped = box.send("10.0.0.2:5000", "192.0.2.1:1");
    box.wait(seconds(20));
    EXPECT_EQ(box.send("10.0.0.2:5000", "192.0.2.7:1"), mapped);
    box.wait(seconds(20));
    EXPECT_FALSE(box.admit("192.0.2.1:1", mapped));
    EXPECT_TRUE(box.admit("192.0.2.7:1", mapped));
    EXPECT_EQ(box.nat.counters().lost_filtered, 1U);
}

TEST(NatBox, AnExpiredMappingGivesItsPortToOthers) {
    NatOptions options;
    options.preserve_ports = true;
    options.lifetime = seconds(30);
    Box box(options);
    const auto mapped = box.send("10.0.0.2:5000", "192.0.2.1:1");
    box.wait(seconds(30));
    EXPECT_EQ(box.send("10.0.0.3:5000", "192.0.2.1:1"), mapped);
    EXPECT_TRUE(box.admit("192.0.2.1:1", mapped));
    EXPECT_EQ(box.last_in.destination, endpoint("10.0.0.3:5000"));
    EXPECT_NE(box.send("10.0.0.2:5000", "192.0.2.1:1"), mapped);
    EXPECT_EQ(box.nat.mappings(), 2U);
}

TEST(NatBox, IsBoundedAndTakesNewOnesWhenOldOnesExpire) {
    NatOptions options;
    options.mappings_max = 3;
    options.lifetime = seconds(30);
    Box box(options);
    for (const char* from : {"10.0.0.2:1", "10.0.0.2:2", "10.0.0.2:3"}) {
        EXPECT_NE(box.send(from, "192.0.2.1:1").port, 0);
    }
    EXPECT_EQ(box.send("10.0.0.2:4", "192.0.2.1:1").port, 0);
    EXPECT_EQ(box.nat.counters().lost_full, 1U);
    EXPECT_EQ(box.nat.mappings(), 3U);
    box.wait(seconds(30));
    EXPECT_NE(box.send("10.0.0.2:4", "192.0.2.1:1").port, 0);
    EXPECT_EQ(box.nat.mappings(), 1U);
}

TEST(NatBox, BoundsTheRemotesOfAMapping) {
    NatOptions options;
    options.lifetime = seconds(30);
    Box box(options);
    for (std::size_t i = 0; i < NatBox::kFilterEntriesMax; ++i) {
        ASSERT_NE(box.send("10.0.0.2:1", "192.0.2.1:" + std::to_string(i + 1)).port, 0);
    }
    EXPECT_EQ(box.send("10.0.0.2:1", "192.0.2.1:60000").port, 0);
    EXPECT_NE(box.send("10.0.0.2:1", "192.0.2.1:1").port, 0) << "known ones go on";
    box.wait(seconds(30));
    EXPECT_NE(box.send("10.0.0.2:1", "192.0.2.1:60000").port, 0);
}

// RFC 4787, section 6: the hairpinned packet carries the outside address and port of its sender.
TEST(NatBox, TurnsPacketsToItsOwnAddressBackInside) {
    for (const NatDependence filtering : kAll) {
        NatOptions options;
        options.hairpin = true;
        options.filtering = filtering;
        Box box(options);
        const auto mapped = box.send("10.0.0.3:6000", "192.0.2.1:1");
        box.nat.inside().receive(packet_between(endpoint("10.0.0.2:5000"), mapped));
        EXPECT_TRUE(box.outside.all.empty());
        const bool open = filtering == NatDependence::EndpointIndependent;
        ASSERT_EQ(box.inside.all.size(), open ? 1U : 0U) << "the filter holds for insiders too";
        if (!open) {
            continue;
        }
        const Packet packet = box.inside.take_one();
        EXPECT_EQ(packet.destination, endpoint("10.0.0.3:6000"));
        EXPECT_EQ(packet.source, box.send("10.0.0.2:5000", "192.0.2.1:1"));
    }
}

TEST(NatBox, LosesHairpinsUnlessToldOtherwise) {
    NatOptions options;
    options.filtering = NatDependence::EndpointIndependent;
    Box box(options);
    const auto mapped = box.send("10.0.0.3:6000", "192.0.2.1:1");
    box.nat.inside().receive(packet_between(endpoint("10.0.0.2:5000"), mapped));
    EXPECT_TRUE(box.inside.all.empty());
    EXPECT_TRUE(box.outside.all.empty());
    EXPECT_EQ(box.nat.counters().lost_hairpin, 1U);
}

TEST(NatBox, ForgetsAllMappingsAndTakesOtherPortsWhenRebound) {
    for (const bool preserve : {false, true}) {
        NatOptions options;
        options.preserve_ports = preserve;
        options.filtering = NatDependence::EndpointIndependent;
        options.port_first = 5000;
        options.port_last = 5001;
        Box box(options);
        const auto before = box.send("10.0.0.2:5000", "192.0.2.1:1");
        box.nat.rebind(box.kOutside);
        EXPECT_FALSE(box.admit("192.0.2.1:1", before));
        const auto after = box.send("10.0.0.2:5000", "192.0.2.1:1");
        EXPECT_EQ(after.ip, before.ip);
        EXPECT_NE(after.port, before.port);
        EXPECT_EQ(box.send("10.0.0.2:5001", "192.0.2.1:1").port, before.port)
            << "an old port is taken when no other is left";
    }
}

TEST(NatBox, TakesAnotherAddressWhenRebound) {
    NatOptions options;
    options.filtering = NatDependence::EndpointIndependent;
    Box box(options);
    const auto before = box.send("10.0.0.2:5000", "192.0.2.1:1");
    box.nat.rebind(address("203.0.113.77"));
    const auto after = box.send("10.0.0.2:5000", "192.0.2.1:1");
    EXPECT_EQ(after.ip, address("203.0.113.77"));
    EXPECT_FALSE(box.admit("192.0.2.1:1", {before.ip, after.port, 0}));
    EXPECT_TRUE(box.admit("192.0.2.1:1", after));
}

TEST(NatBox, LetsIpv6PassAsItIs) {
    Box box({});
    EXPECT_EQ(box.send("[2001:db8::2]:5000", "[2001:db8:1::1]:1"), endpoint("[2001:db8::2]:5000"));
    EXPECT_TRUE(box.admit("[2001:db8:1::1]:9", endpoint("[2001:db8::2]:5000")));
    EXPECT_EQ(box.last_in.destination, endpoint("[2001:db8::2]:5000"));
    EXPECT_EQ(box.nat.mappings(), 0U);
}

}  // namespace
}  // namespace qe::sim
