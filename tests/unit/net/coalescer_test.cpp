// SPDX-License-Identifier: Apache-2.0
#include "quicether/net/coalescer.h"

#include <list>

#include <gtest/gtest.h>

#include "quicether/net/packet.h"
#include "transport_builder.h"

namespace qe::net {
namespace {

using base::Bytes;
using base::ByteView;
using test::begun;
using test::PacketOptions;
using test::TcpFields;

constexpr Lane kLane{5, {true, true, true}};
constexpr std::size_t kMss = 1000;
constexpr PacketOptions kDf{.fragment_word = 0x4000};

/// Owns the packets that the coalescer under test views.
class CoalescerTest : public testing::Test {
  protected:
    void add(Bytes packet, bool partial = true, const Lane& lane = kLane) {
        packets_.push_back(std::move(packet));
        const auto facts = parse_packet(packets_.back());
        ASSERT_TRUE(facts);
        ASSERT_TRUE(coalescer_.add(lane, packets_.back(), *facts, partial));
    }
    /// The segment that begins at `from` of the flow of `fields`.
    static Bytes segment(std::size_t from, std::size_t size, TcpFields fields = {},
                         const PacketOptions& options = kDf) {
        fields.sequence += static_cast<std::uint32_t>(from);
        return test::make_tcp(options, fields, test::stream_bytes(from, size));
    }
    static TcpFields with_flags(std::uint8_t flags) { return {.flags = flags}; }
    std::vector<std::size_t> packets_of_frames() {
        std::vector<std::size_t> counts;
        for (const auto& frame : coalescer_.frames()) {
            counts.push_back(frame.packets);
            EXPECT_EQ(frame.frame.parts.size(), frame.packets);
        }
        return counts;
    }
    static Bytes bytes_of(const TunFrame& frame) {
        Bytes bytes;
        for (const auto part : frame.parts) {
            bytes.insert(bytes.end(), part.begin(), part.end());
        }
        EXPECT_EQ(bytes.size(), frame.size);
        return bytes;
    }

    std::list<Bytes> packets_;
    Coalescer coalescer_;
};

using Counts = std::vector<std::size_t>;

TEST_F(CoalescerTest, HasNoFramesOfNothing) {
    EXPECT_TRUE(coalescer_.empty());
    EXPECT_TRUE(coalescer_.frames().empty());
}

TEST_F(CoalescerTest, MergesTcpSegmentsThatFollowEachOther) {
    for (const auto& options : {kDf, test::ipv6_options()}) {
        const std::uint16_t offset = options.source == "10.0.0.1" ? 20 : 40;
        coalescer_.clear();
        add(segment(0, kMss, {}, options));
        add(segment(kMss, kMss, {}, options));
        add(segment(2 * kMss, 500, with_flags(0x18), options));
        const auto frames = coalescer_.frames();
        ASSERT_EQ(frames.size(), 1U);
        EXPECT_EQ(frames[0].packets, 3U);
        EXPECT_EQ(frames[0].lane, 5U);
        EXPECT_EQ(frames[0].flow_hash, parse_packet(packets_.back())->flow_hash);
        EXPECT_EQ(frames[0].frame.offload, (Offload{Segmentation::Tcp, true, kMss, offset}));
        const auto whole = segment(0, 2500, with_flags(0x18), options);
        EXPECT_EQ(bytes_of(frames[0].frame), begun(whole, offset, test::kTcpNumber));
    }
}

TEST_F(CoalescerTest, MergesEqualUdpDatagrams) {
    for (const auto& options : {kDf, test::ipv6_options()}) {
        const std::uint16_t offset = options.source == "10.0.0.1" ? 20 : 40;
        coalescer_.clear();
        add(test::make_udp(options, 1000, test::stream_bytes(0, 200)));
        add(test::make_udp(options, 1000, test::stream_bytes(200, 200)));
        add(test::make_udp(options, 1000, test::stream_bytes(400, 7)));
        const auto frames = coalescer_.frames();
        ASSERT_EQ(frames.size(), 1U);
        EXPECT_EQ(frames[0].frame.offload, (Offload{Segmentation::Udp, true, 200, offset}));
        const auto whole = test::make_udp(options, 1000, test::stream_bytes(0, 407));
        EXPECT_EQ(bytes_of(frames[0].frame), begun(whole, offset, test::kUdpNumber));
    }
}

TEST_F(CoalescerTest, LeavesALonePacketOne) {
    add(segment(0, kMss));
    add(test::make_udp({}, 1000, test::stream_bytes(0, 200)), false);
    add(test::make_sized_packet(300, {.protocol = 1}), true);
    const auto frames = coalescer_.frames();
    ASSERT_EQ(frames.size(), 3U);
    EXPECT_EQ(frames[0].frame.offload, (Offload{Segmentation::None, true, 0, 20}));
    EXPECT_EQ(bytes_of(frames[0].frame), begun(segment(0, kMss), 20, test::kTcpNumber));
    EXPECT_EQ(frames[1].frame.offload, Offload{});
    EXPECT_EQ(bytes_of(frames[1].frame), test::make_udp({}, 1000, test::stream_bytes(0, 200)));
    EXPECT_EQ(frames[2].frame.offload, Offload{});
    EXPECT_EQ(bytes_of(frames[2].frame), test::make_sized_packet(300, {.protocol = 1}));
}

TEST_F(CoalescerTest, EndsAFrameWithAShorterSegment) {
    add(segment(0, kMss));
    add(segment(kMss, 500));
    add(segment(kMss + 500, 500));
    add(segment(kMss + 1000, 500));
    EXPECT_EQ(packets_of_frames(), (Counts{2, 2}));
}

TEST_F(CoalescerTest, EndsAFrameWithPsh) {
    add(segment(0, kMss));
    add(segment(kMss, kMss, with_flags(0x18)));
    add(segment(2 * kMss, kMss, with_flags(0x18)));
    add(segment(3 * kMss, kMss));
    add(segment(4 * kMss, kMss));
    EXPECT_EQ(packets_of_frames(), (Counts{2, 1, 2}));
    const auto frames = coalescer_.frames();
    EXPECT_EQ(frames[0].frame.parts[0][33], std::byte{0x18});
    EXPECT_EQ(frames[2].frame.parts[0][33], std::byte{0x10});
}

TEST_F(CoalescerTest, KeepsApartTcpSegmentsThatDiffer) {
    const std::vector<std::pair<const char*, void (*)(TcpFields&, PacketOptions&)>> differences = {
        {"sequence", [](TcpFields& tcp, PacketOptions&) { ++tcp.sequence; }},
        {"overlap", [](TcpFields& tcp, PacketOptions&) { --tcp.sequence; }},
        {"acknowledgement", [](TcpFields& tcp, PacketOptions&) { ++tcp.acknowledgement; }},
        {"window", [](TcpFields& tcp, PacketOptions&) { ++tcp.window; }},
        {"urgent", [](TcpFields& tcp, PacketOptions&) { ++tcp.urgent; }},
        {"timestamp", [](TcpFields& tcp, PacketOptions&) { tcp.options[7] = std::byte{9}; }},
        {"no options", [](TcpFields& tcp, PacketOptions&) { tcp.options.clear(); }},
        {"no ACK", [](TcpFields& tcp, PacketOptions&) { tcp.flags = 0; }},
        {"FIN", [](TcpFields& tcp, PacketOptions&) { tcp.flags |= 0x01; }},
        {"SYN", [](TcpFields& tcp, PacketOptions&) { tcp.flags |= 0x02; }},
        {"RST", [](TcpFields& tcp, PacketOptions&) { tcp.flags |= 0x04; }},
        {"URG", [](TcpFields& tcp, PacketOptions&) { tcp.flags |= 0x20; }},
        {"ECE", [](TcpFields& tcp, PacketOptions&) { tcp.flags |= 0x40; }},
        {"CWR", [](TcpFields& tcp, PacketOptions&) { tcp.flags |= 0x80; }},
        {"source port", [](TcpFields& tcp, PacketOptions&) { ++tcp.source_port; }},
        {"destination port", [](TcpFields& tcp, PacketOptions&) { ++tcp.destination_port; }},
        {"source", [](TcpFields&, PacketOptions& ip) { ip.source = "10.0.0.3"; }},
        {"destination", [](TcpFields&, PacketOptions& ip) { ip.destination = "10.0.0.3"; }},
        {"hop limit", [](TcpFields&, PacketOptions& ip) { --ip.hop_limit; }},
        {"ECN", [](TcpFields&, PacketOptions& ip) { ip.traffic_class = 3; }},
        {"DSCP", [](TcpFields&, PacketOptions& ip) { ip.traffic_class = 0x40; }},
        {"DF", [](TcpFields&, PacketOptions& ip) { ip.fragment_word = 0; }},
        {"fragment", [](TcpFields&, PacketOptions& ip) { ip.fragment_word = 0x2000; }},
        {"IPv4 options", [](TcpFields&, PacketOptions& ip) { ip.ipv4_options = 4; }},
    };
    for (const auto& [name, change] : differences) {
        coalescer_.clear();
        PacketOptions options = kDf;
        TcpFields fields;
        add(segment(0, kMss, fields, options));
        change(fields, options);
        add(segment(kMss, kMss, fields, options));
        EXPECT_EQ(packets_of_frames(), (Counts{1, 1})) << name;
    }
}

TEST_F(CoalescerTest, KeepsApartIpv6PacketsThatDiffer) {
    const std::vector<std::pair<std::size_t, std::byte>> changes = {
        {0, std::byte{0x61}},  // traffic class
        {3, std::byte{0x01}},  // flow label
        {7, std::byte{0x01}},  // hop limit
        {8 + 15, std::byte{0x77}}, {24 + 15, std::byte{0x77}},
    };
    for (const auto& [at, value] : changes) {
        coalescer_.clear();
        add(segment(0, kMss, {}, test::ipv6_options()));
        auto second = segment(kMss, kMss, {}, test::ipv6_options());
        second[at] = value;
        add(second);
        EXPECT_EQ(packets_of_frames(), (Counts{1, 1})) << at;
    }
}

TEST_F(CoalescerTest, KeepsApartWhatTheLaneOrTheChecksumParts) {
    add(segment(0, kMss));
    add(segment(kMss, kMss), true, {6, {true, true, true}});
    add(segment(2 * kMss, kMss), false);
    EXPECT_EQ(packets_of_frames(), (Counts{1, 1, 1}));
}

TEST_F(CoalescerTest, AsksIpv4WithoutDfToCountItsIdentification) {
    for (const auto& [df, id, frames] :
         {std::tuple(false, 0x1234, 2U), std::tuple(false, 0x1235, 1U), std::tuple(true, 0, 1U)}) {
        coalescer_.clear();
        const PacketOptions options{.fragment_word = std::uint16_t(df ? 0x4000 : 0)};
        add(segment(0, kMss, {}, options));
        auto second = segment(kMss, kMss, {}, options);
        test::set_id(second, static_cast<std::uint16_t>(id));
        add(second);
        EXPECT_EQ(coalescer_.frames().size(), frames) << df << ' ' << id;
    }
}

TEST_F(CoalescerTest, DoesNotLetALargerSegmentFollow) {
    add(segment(0, 500));
    add(segment(500, 501));
    add(segment(1001, 501));
    EXPECT_EQ(packets_of_frames(), (Counts{1, 2}));
}

TEST_F(CoalescerTest, NeverPutsAPacketBeforeAnEarlierOneOfItsFlow) {
    add(segment(0, kMss));
    add(segment(kMss, 0));  // a pure acknowledgement between them
    add(segment(kMss, kMss));
    EXPECT_EQ(packets_of_frames(), (Counts{1, 1, 1}));
    // A fragment may be of any flow between these hosts, but not of others.
    coalescer_.clear();
    add(segment(0, kMss));
    add(segment(0, kMss, {}, {.source = "10.0.0.3", .fragment_word = 0x4000}));
    add(test::make_sized_packet(100, {.fragment_word = 0x2000}));
    add(segment(kMss, kMss));
    add(segment(kMss, kMss, {}, {.source = "10.0.0.3", .fragment_word = 0x4000}));
    EXPECT_EQ(packets_of_frames(), (Counts{1, 2, 1, 1}));
}

TEST_F(CoalescerTest, MergesFlowsThatAreInterleaved) {
    for (std::size_t i = 0; i < 10; ++i) {
        for (std::uint16_t port = 1; port <= 8; ++port) {
            TcpFields fields;
            fields.source_port = port;
            add(segment(i * kMss, kMss, fields));
        }
    }
    EXPECT_EQ(packets_of_frames(), Counts(8, 10));
    const auto frames = coalescer_.frames();
    for (std::uint16_t port = 1; port <= 8; ++port) {
        TcpFields fields;
        fields.source_port = port;
        EXPECT_EQ(bytes_of(frames[port - 1U].frame),
                  begun(segment(0, 10 * kMss, fields), 20, test::kTcpNumber));
    }
}

TEST_F(CoalescerTest, ForgetsTheFlowThatWasLongestUnused) {
    const auto add_from = [this](std::uint16_t port, std::size_t from) {
        TcpFields fields;
        fields.source_port = port;
        add(segment(from, kMss, fields));
    };
    for (std::uint16_t port = 1; port <= 8; ++port) {
        add_from(port, 0);
    }
    add_from(1, kMss);
    add_from(9, 0);     // in place of 2
    add_from(2, kMss);  // in place of 3
    add_from(1, 2 * kMss);
    EXPECT_EQ(packets_of_frames(), (Counts{3, 1, 1, 1, 1, 1, 1, 1, 1, 1}));
}

TEST_F(CoalescerTest, FillsAPacketAndNoMore) {
    const std::size_t mss = 1448;
    for (std::size_t i = 0; i < 60; ++i) {
        add(segment(i * mss, mss));
    }
    EXPECT_EQ(packets_of_frames(), (Counts{45, 15}));
    EXPECT_EQ(coalescer_.frames()[0].frame.size, 52 + 45 * mss);
}

TEST_F(CoalescerTest, KeepsToTheSegmentsOfOneUdpSend) {
    for (std::size_t i = 0; i < 130; ++i) {
        add(test::make_udp(kDf, 1, test::stream_bytes(i, 10)));
    }
    EXPECT_EQ(packets_of_frames(), (Counts{64, 64, 2}));
}

TEST_F(CoalescerTest, LeavesOddUdpDatagramsAlone) {
    const auto good = test::make_udp(kDf, 1, test::stream_bytes(0, 10));
    auto lying = good;
    lying[25] = std::byte{17};  // one less than there is
    add(good);
    add(lying);
    add(good);
    add(test::make_udp(kDf, 1, {}));
    add(good);
    EXPECT_EQ(packets_of_frames(), (Counts{1, 1, 1, 1, 1}));
}

TEST_F(CoalescerTest, CompletesChecksumsForALaneThatCannot) {
    const Lane lane{1, {}};
    auto tcp = segment(0, kMss);
    tcp[36] = tcp[37] = std::byte{0x55};
    auto udp = test::make_udp(test::ipv6_options(), 1, test::stream_bytes(0, 11));
    udp[46] = udp[47] = std::byte{0x55};
    add(tcp, true, lane);
    add(segment(kMss, kMss), true, lane);
    add(udp, true, lane);
    add(tcp, false, lane);
    const auto frames = coalescer_.frames();
    ASSERT_EQ(frames.size(), 4U);
    for (const auto& frame : frames) {
        EXPECT_EQ(frame.frame.offload, Offload{});
    }
    EXPECT_EQ(bytes_of(frames[0].frame), segment(0, kMss));
    EXPECT_EQ(bytes_of(frames[1].frame), segment(kMss, kMss));
    EXPECT_EQ(bytes_of(frames[2].frame),
              test::make_udp(test::ipv6_options(), 1, test::stream_bytes(0, 11)));
    EXPECT_EQ(bytes_of(frames[3].frame), tcp);
}

TEST_F(CoalescerTest, MergesOnlyTheProtocolsThatTheLaneTakes) {
    const auto add_both = [this](const Lane& lane) {
        coalescer_.clear();
        for (std::size_t i = 0; i < 2; ++i) {
            add(segment(i * kMss, kMss), true, lane);
            add(test::make_udp(kDf, 1, test::stream_bytes(0, 10)), true, lane);
        }
    };
    add_both({1, {true, true, false}});
    EXPECT_EQ(packets_of_frames(), (Counts{2, 1, 1}));
    add_both({1, {true, false, true}});
    EXPECT_EQ(packets_of_frames(), (Counts{1, 2, 1}));
    EXPECT_EQ(coalescer_.frames()[0].frame.offload, (Offload{Segmentation::None, true, 0, 20}));
    add_both({1, {true, false, false}});
    EXPECT_EQ(packets_of_frames(), (Counts{1, 1, 1, 1}));
}

TEST_F(CoalescerTest, IgnoresAPartialChecksumThatHasNoField) {
    for (const auto& takes : {TunOffloads{}, TunOffloads{true, true, true}}) {
        for (const auto& [protocol, size] : {std::pair(6, 17U), std::pair(6, 4U), std::pair(17, 7U),
                                             std::pair(136, 40U), std::pair(1, 40U)}) {
            coalescer_.clear();
            const auto packet = test::make_sized_packet(
                20 + size, {.protocol = static_cast<std::uint8_t>(protocol)});
            add(packet, true, {1, takes});
            add(packet, true, {1, takes});
            EXPECT_EQ(packets_of_frames(), (Counts{1, 1}));
            EXPECT_EQ(coalescer_.frames()[0].frame.offload, Offload{});
            EXPECT_EQ(bytes_of(coalescer_.frames()[0].frame), packet);
        }
    }
}

TEST_F(CoalescerTest, LeavesTcpHeadersThatMakeNoSenseAlone) {
    for (const int offset : {0x00, 0x40, 0xf0}) {
        coalescer_.clear();
        for (std::size_t i = 0; i < 2; ++i) {
            auto packet = segment(i * 10, 10);
            packet[32] = static_cast<std::byte>(offset);
            add(packet);
        }
        EXPECT_EQ(packets_of_frames(), (Counts{1, 1}));
    }
}

TEST_F(CoalescerTest, GoesOnAfterItsFramesWereTaken) {
    add(segment(0, kMss));
    add(segment(kMss, kMss));
    EXPECT_EQ(packets_of_frames(), (Counts{2}));
    EXPECT_EQ(packets_of_frames(), (Counts{2}));
    for (std::size_t i = 0; i < 100; ++i) {  // more than there was room for
        add(segment(2 * kMss + i * 100, 100));
    }
    EXPECT_EQ(packets_of_frames(), (Counts{2, 100}));
    EXPECT_EQ(bytes_of(coalescer_.frames()[0].frame),
              begun(segment(0, 2 * kMss), 20, test::kTcpNumber));
}

TEST_F(CoalescerTest, StartsAnewWhenCleared) {
    add(segment(0, kMss));
    coalescer_.clear();
    EXPECT_TRUE(coalescer_.empty());
    EXPECT_TRUE(coalescer_.frames().empty());
    add(segment(kMss, kMss));
    EXPECT_FALSE(coalescer_.empty());
    EXPECT_EQ(packets_of_frames(), (Counts{1}));
}

TEST_F(CoalescerTest, RefusesMorePacketsThanItsBound) {
    auto packet = test::make_sized_packet(40);
    const auto facts = parse_packet(packet).value();
    for (std::size_t i = 0; i < Coalescer::kPacketsMax; ++i) {
        ASSERT_TRUE(coalescer_.add(kLane, packet, facts, false));
    }
    EXPECT_FALSE(coalescer_.add(kLane, packet, facts, false));
    EXPECT_EQ(coalescer_.frames().size(), Coalescer::kPacketsMax);
    coalescer_.clear();
    EXPECT_TRUE(coalescer_.add(kLane, packet, facts, false));
}

}  // namespace
}  // namespace qe::net
