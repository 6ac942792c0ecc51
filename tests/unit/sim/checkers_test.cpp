// SPDX-License-Identifier: Apache-2.0
//
// Each checker is shown what must hold and what must not: by hand, or in a world that is made to
// go wrong. Convergence: convergence_test.cpp; membership: membership_checker_test.cpp.
#include "sim/checkers/checkers.h"

#include <algorithm>

#include "sim/checkers/admission.h"
#include "sim/checkers/amplification.h"
#include "sim/checkers/bounds.h"
#include "sim/checkers/integrity.h"
#include "sim/checkers/route_loop.h"
#include "sim/checkers/session_sanity.h"
#include "sim/traffic/ip_packet.h"
#include "sim/traffic/tcp_segment.h"
#include "small_world.h"

namespace qe::sim {
namespace {

using net::Ecn;

base::Bytes udp_packet(const net::IpAddress& source, const net::IpAddress& destination,
                       Ecn ecn = Ecn::NotEct, std::uint8_t mark = 7) {
    base::Bytes segment(40, std::byte{mark});
    base::ByteWriter header{base::MutableBytes(segment)};
    header.u16(1000);
    header.u16(2000);
    header.u16(static_cast<std::uint16_t>(segment.size()));
    header.u16(0);
    return make_ip_packet({source, destination, net::kProtocolUdp, ecn}, segment);
}

void lower_hop_limit(base::Bytes& packet, int times) {
    for (int i = 0; i < times; ++i) {
        ASSERT_TRUE(net::decrement_hop_limit(packet));
    }
}

const net::IpAddress kA = test::ip("100.64.0.1");
const net::IpAddress kB = test::ip("100.64.0.2");

// --- Integrity -----------------------------------------------------------------------------------

class IntegrityTest : public ::testing::Test {
  protected:
    IntegrityTest() {
        world.add("alice");
        world.add("bob");
    }
    PacketKind deliver(const base::Bytes& packet) {
        checker.on_tun_written(1, packet);
        return checker.last().kind;
    }

    test::SmallWorld world;
    Integrity checker{world};
};

TEST_F(IntegrityTest, AcceptsWhatWasSentOnceAndNoMore) {
    const base::Bytes packet = udp_packet(kA, kB);
    checker.on_tun_read(0, packet);
    EXPECT_EQ(deliver(packet), PacketKind::Sent);
    EXPECT_TRUE(checker.violations().empty());
    EXPECT_EQ(deliver(packet), PacketKind::Repeated);
    ASSERT_EQ(checker.violations().size(), 1U);
    EXPECT_NE(checker.violations()[0].what.find("more often"), std::string::npos);
}

TEST_F(IntegrityTest, AcceptsThatRoutersLowerTheHopLimitAndMarkCongestion) {
    base::Bytes packet = udp_packet(kA, kB, Ecn::Ect0);
    checker.on_tun_read(0, packet);
    lower_hop_limit(packet, 2);
    ASSERT_TRUE(net::mark_congestion(packet));
    EXPECT_EQ(deliver(packet), PacketKind::Sent);
    EXPECT_EQ(checker.last().forwards, 2U);
    EXPECT_TRUE(checker.violations().empty());
}

TEST_F(IntegrityTest, RefusesAMarkWhereTheSenderKnowsNone) {
    checker.on_tun_read(0, udp_packet(kA, kB, Ecn::NotEct));
    EXPECT_EQ(deliver(udp_packet(kA, kB, Ecn::Ce)), PacketKind::Altered);
}

TEST_F(IntegrityTest, RefusesASingleFlippedBit) {
    base::Bytes packet = udp_packet(kA, kB);
    checker.on_tun_read(0, packet);
    packet.back() ^= std::byte{1};
    EXPECT_EQ(deliver(packet), PacketKind::Unknown);
    EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(IntegrityTest, RefusesABrokenHeaderChecksum) {
    base::Bytes packet = udp_packet(kA, kB);
    checker.on_tun_read(0, packet);
    packet[10] ^= std::byte{1};
    EXPECT_EQ(deliver(packet), PacketKind::Unknown);
}

TEST_F(IntegrityTest, LetsTheMssOfASynFallButNotRise) {
    TcpSegment syn;
    syn.source_port = 1;
    syn.destination_port = 2;
    syn.syn = true;
    syn.mss = 1380;
    const IpHeader header{kA, kB, net::kProtocolTcp, Ecn::NotEct};
    base::Bytes packet = make_ip_packet(header, encode_tcp(syn));
    checker.on_tun_read(0, packet);
    checker.on_tun_read(0, packet);
    ASSERT_TRUE(net::clamp_tcp_mss(packet, 1300));
    EXPECT_EQ(deliver(packet), PacketKind::Sent);
    syn.mss = 1400;
    EXPECT_EQ(deliver(make_ip_packet(header, encode_tcp(syn))), PacketKind::Altered);
}

TEST_F(IntegrityTest, LetsASynThatIsRepeatedWithALowerMssOvertakeTheFirst) {
    TcpSegment syn;
    syn.syn = true;
    const IpHeader header{kA, kB, net::kProtocolTcp, Ecn::NotEct};
    std::vector<base::Bytes> packets;
    for (const std::uint16_t mss : {std::uint16_t{1380}, std::uint16_t{1300}}) {
        syn.mss = mss;
        packets.push_back(make_ip_packet(header, encode_tcp(syn)));
        checker.on_tun_read(0, packets.back());
    }
    EXPECT_EQ(deliver(packets[1]), PacketKind::Sent);
    EXPECT_EQ(deliver(packets[0]), PacketKind::Sent);
}

TEST_F(IntegrityTest, LetsTcpDataBeCutAnewButNotGrow) {
    const base::Bytes data(1000, std::byte{1});
    TcpSegment segment;
    segment.source_port = 1;
    segment.destination_port = 2;
    segment.ack = true;
    segment.payload = data;
    const IpHeader header{kA, kB, net::kProtocolTcp, Ecn::NotEct};
    checker.on_tun_read(0, make_ip_packet(header, encode_tcp(segment)));
    segment.payload = base::ByteView(data).first(600);
    EXPECT_EQ(deliver(make_ip_packet(header, encode_tcp(segment))), PacketKind::Recut);
    segment.sequence = 600;
    EXPECT_EQ(deliver(make_ip_packet(header, encode_tcp(segment))), PacketKind::Repeated);
}

// --- Admission -----------------------------------------------------------------------------------

class AdmissionTest : public test::ConnectedPair {
  protected:
    void SetUp() override {
        ConnectedPair::SetUp();
        alice_address = *world.host(alice).overlay_address(net::Family::V4);
        bob_address = *world.host(bob).overlay_address(net::Family::V4);
    }
    void carry(HostId from, HostId to, const base::Bytes& packet) {
        integrity.on_tun_read(from, packet);
        integrity.on_tun_written(to, packet);
        admission.on_tun_written(to, packet);
    }

    Integrity integrity{world};
    Admission admission{world, integrity};
    net::IpAddress alice_address;
    net::IpAddress bob_address;
};

TEST_F(AdmissionTest, LetsPeersTalkUnderTheirOwnAddresses) {
    carry(alice, bob, udp_packet(alice_address, bob_address));
    EXPECT_TRUE(admission.violations().empty());
}

TEST_F(AdmissionTest, RefusesAnAddressThatIsNotTheSenders) {
    carry(alice, bob, udp_packet(test::ip("100.64.77.77"), bob_address));
    EXPECT_EQ(admission.violations().size(), 1U);
}

TEST_F(AdmissionTest, RefusesADestinationThatIsNotTheReceivers) {
    carry(alice, bob, udp_packet(alice_address, test::ip("100.64.77.77")));
    EXPECT_EQ(admission.violations().size(), 1U);
}

TEST_F(AdmissionTest, RefusesWhomTheReceiverDoesNotList) {
    world.host(bob).config().peer.clear();
    carry(alice, bob, udp_packet(alice_address, bob_address));
    EXPECT_EQ(admission.violations().size(), 1U);
}

TEST_F(AdmissionTest, LetsASubnetTalkOnlyIfItIsConfiguredForItsPeer) {
    const net::IpAddress behind = test::ip("192.168.7.9");
    carry(alice, bob, udp_packet(behind, bob_address));
    EXPECT_EQ(admission.violations().size(), 1U);
    world.host(bob).config().peer.front().subnets = {test::prefix("192.168.7.0/24")};
    admission.on_action("the configuration of bob changes");
    carry(alice, bob, udp_packet(behind, bob_address, Ecn::NotEct, 8));
    EXPECT_EQ(admission.violations().size(), 1U);
}

// --- Loops ---------------------------------------------------------------------------------------

class RouteLoopTest : public ::testing::Test {
  protected:
    void SetUp() override {
        world.host(hub).config().node.role = config::NodeRole::Gateway;
        for (const HostId spoke : {alice, bob}) {
            world.know(spoke, hub);
            world.know(hub, spoke);
            world.host(spoke).config().peer.front().subnets = {test::prefix("100.64.0.0/16")};
        }
        world.start_all();
        checker.on_host(hub, HostChange::Started);
        alice_address = *world.host(alice).overlay_address(net::Family::V4);
        bob_address = *world.host(bob).overlay_address(net::Family::V4);
    }
    void carry(int lowered) {
        base::Bytes packet = udp_packet(alice_address, bob_address);
        integrity.on_tun_read(alice, packet);
        checker.on_tun_read(alice, packet);
        lower_hop_limit(packet, lowered);
        integrity.on_tun_written(bob, packet);
        checker.on_tun_written(bob, packet);
    }

    test::SmallWorld world;
    HostId hub = world.add("hub");
    HostId alice = world.add("alice");
    HostId bob = world.add("bob");
    Integrity integrity{world};
    RouteLoop checker{world, integrity};
    net::IpAddress alice_address;
    net::IpAddress bob_address;
};

TEST_F(RouteLoopTest, AcceptsOneHopForOneGateway) {
    carry(1);
    EXPECT_TRUE(checker.violations().empty());
}

TEST_F(RouteLoopTest, RefusesAGatewayThatKeepsTheHopLimit) {
    carry(0);
    EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(RouteLoopTest, RefusesMoreHopsThanGateways) {
    carry(2);
    ASSERT_EQ(checker.violations().size(), 1U);
    EXPECT_NE(checker.violations()[0].what.find("twice"), std::string::npos);
}

// --- Amplification -------------------------------------------------------------------------------

class AmplificationTest : public test::ConnectedPair {
  protected:
    void receive(std::size_t bytes, std::uint64_t number, HostId origin) {
        checker.on_received(alice, packet(stranger, own, bytes, number, origin));
    }
    void send(std::size_t bytes, std::uint64_t number) {
        checker.on_sent(alice, packet(own, stranger, bytes, number, alice));
    }
    static Packet packet(const net::SocketAddress& from, const net::SocketAddress& to,
                         std::size_t bytes, std::uint64_t number, HostId origin) {
        Packet packet;
        packet.source = from;
        packet.destination = to;
        packet.payload.resize(bytes);
        packet.number = number;
        packet.origin = origin;
        return packet;
    }

    Amplification checker{world};
    net::SocketAddress stranger{test::ip("192.0.2.1"), 4000, 0};
    net::SocketAddress own{test::ip("198.51.100.2"), 9000, 0};
};

TEST_F(AmplificationTest, AllowsAStrangerThreeTimesItsBytes) {
    receive(1000, 1, bob);
    send(3000, 2);
    checker.on_second();
    EXPECT_TRUE(checker.violations().empty());
    send(1, 3);
    checker.on_second();
    EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(AmplificationTest, BelievesAnAddressThatAnswered) {
    receive(1000, 1, bob);
    send(500, 2);
    checker.on_received(bob, packet(own, stranger, 500, 2, alice));
    receive(100, 3, bob);
    send(100'000, 4);
    checker.on_second();
    EXPECT_TRUE(checker.violations().empty());
}

TEST_F(AmplificationTest, IsNotDeceivedByWhatWasSentBeforeTheAnswerCouldArrive) {
    receive(1000, 1, bob);
    send(500, 5);
    checker.on_received(bob, packet(own, stranger, 500, 5, alice));
    receive(100, 4, bob);  // had left already
    send(100'000, 6);
    checker.on_second();
    EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(AmplificationTest, LetsADiallerSendItsFirstFlightsButNotMore) {
    const net::SocketAddress peer{world.host(bob).addresses().front(), 9000, 0};
    checker.on_sent(alice, packet(own, peer, Amplification::kDialFlight, 1, alice));
    checker.on_second();
    EXPECT_TRUE(checker.violations().empty());
    checker.on_sent(alice, packet(own, peer, 1, 2, alice));
    checker.on_second();
    EXPECT_EQ(checker.violations().size(), 1U);
}

TEST_F(AmplificationTest, RemembersThatAnAddressWasAPeersWhenItWasDialled) {
    const net::SocketAddress peer{world.host(bob).addresses().front(), 9000, 0};
    checker.on_sent(alice, packet(own, peer, Amplification::kDialFlight, 1, alice));
    checker.on_action("alice drops bob from its list");
    world.host(alice).config().peer.clear();
    (void)world.host(alice).reload();
    checker.on_second();
    EXPECT_TRUE(checker.violations().empty());
}

// --- Bounds --------------------------------------------------------------------------------------

TEST(BoundsChecker, ObjectsToATimerThatFiresAgainAndAgain) {
    test::SmallWorld world;
    world.add("alice");
    Bounds checker(world);
    world.add_observer(checker);
    world.run_for(base::seconds(3));
    EXPECT_TRUE(checker.violations().empty());
    for (int i = 0; i < 100'000; ++i) {
        world.scheduler().after(base::microseconds(i), [] {});
    }
    world.run_for(base::seconds(1));
    EXPECT_EQ(checker.violations().size(), 1U);
}

TEST(BoundsChecker, ObjectsToAFloodOfLogRecords) {
    test::SmallWorld world;
    const HostId alice = world.add("alice");
    Bounds checker(world);
    world.add_observer(checker);
    for (std::uint64_t i = 0; i <= Bounds::kLogsOfHost; ++i) {
        checker.on_log(alice, base::LogLevel::Info, "again");
    }
    world.run_for(base::seconds(11));
    EXPECT_EQ(checker.violations().size(), 1U);
}

TEST(BoundsChecker, ObjectsToAHostThatTalksWhenNothingHappens) {
    test::SmallWorld world;
    const HostId alice = world.add("alice");
    world.start_all();
    Bounds checker(world);
    world.add_observer(checker);
    world.run_for(Bounds::kCalm + base::seconds(21));
    EXPECT_TRUE(checker.violations().empty());
    Packet packet;
    packet.payload.resize(2 * Bounds::kIdleBytesOfSession);
    checker.on_sent(alice, packet);
    world.run_for(base::seconds(10));
    EXPECT_EQ(checker.violations().size(), 1U);
}

TEST(BoundsChecker, AcceptsAnswersToThoseWhoDialInVain) {
    test::SmallWorld world;
    const HostId alice = world.add("alice");
    const HostId bob = world.add("bob");
    world.know_each_other();
    world.host(bob).config().peer.clear();
    world.start_all();
    Bounds checker(world);
    world.add_observer(checker);
    world.run_for(Bounds::kCalm + base::seconds(19));
    EXPECT_FALSE(world.connected(alice, bob));
    Packet answers;
    answers.payload.resize(2 * Bounds::kIdleBytesOfSession);
    checker.on_sent(bob, answers);
    world.run_for(base::seconds(10));
    EXPECT_TRUE(checker.violations().empty());
    answers.payload.resize(2 * Bounds::kIdleBytesOfDials);
    checker.on_sent(bob, answers);
    world.run_for(base::seconds(10));
    EXPECT_EQ(checker.violations().size(), 1U);
}

// --- Sessions ------------------------------------------------------------------------------------

class SessionSanityOfPair : public test::ConnectedPair {};

TEST_F(SessionSanityOfPair, AcceptsThatACrashedPeerIsForgottenInTime) {
    SessionSanity checker(world);
    world.add_observer(checker);
    world.host(bob).crash();
    world.run_for(SessionSanity::kGone + base::seconds(60));
    EXPECT_TRUE(checker.violations().empty());
}

TEST_F(SessionSanityOfPair, ObjectsToASessionWithAPeerThatIsGone) {
    SessionSanity checker(world);
    world.add_observer(checker);
    checker.on_host(bob, HostChange::Crashed);  // it goes on in fact
    world.run_for(SessionSanity::kGone - base::seconds(2));
    EXPECT_TRUE(checker.violations().empty());
    world.run_for(base::seconds(5));
    EXPECT_FALSE(checker.violations().empty());
}

TEST_F(SessionSanityOfPair, ObjectsToCountersThatGoBack) {
    SessionSanity checker(world);
    // It is told of each second, but not that the node is another one.
    for (const bool restart : {false, true}) {
        if (restart) {
            world.host(alice).crash();
            world.host(alice).start();
        }
        checker.on_second();
        EXPECT_EQ(checker.violations().empty(), !restart);
    }
}

TEST_F(SessionSanityOfPair, AcceptsThatARestartedNodeBeginsToCountAnew) {
    SessionSanity checker(world);
    world.add_observer(checker);
    world.run_for(base::seconds(3));
    world.host(alice).crash();
    world.host(alice).start();
    world.run_for(base::seconds(3));
    EXPECT_TRUE(checker.violations().empty());
}

// --- All of them ---------------------------------------------------------------------------------

TEST(Checkers, HaveNamesOfTheirOwn) {
    test::SmallWorld world;
    const auto all = make_checkers(world);
    std::vector<std::string_view> names;
    for (const auto& checker : all) {
        names.push_back(checker->name());
    }
    std::sort(names.begin(), names.end());
    EXPECT_GE(names.size(), 7U);
    EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

}  // namespace
}  // namespace qe::sim
