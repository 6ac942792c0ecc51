// SPDX-License-Identifier: Apache-2.0
#include "quicether/net/packet.h"

#include <set>

#include <gtest/gtest.h>

#include "packet_builder.h"
#include "quicether/base/rng.h"

namespace qe::net {
namespace {

using base::ErrorCode;
using test::hex;
using test::ip;
using test::ipv6_options;
using test::make_packet;
using test::PacketOptions;

const auto kUdpHeader = hex("03e807d000080000");  // 1000 -> 2000

TEST(Packet, ReadsAnIpv4UdpPacket) {
    PacketOptions options;
    options.traffic_class = 0x02;
    options.fragment_word = 0x4000;
    const auto packet = make_packet(options, kUdpHeader);
    const auto facts = parse_packet(packet).value();
    EXPECT_EQ(facts.source, ip("10.0.0.1"));
    EXPECT_EQ(facts.destination, ip("10.0.0.2"));
    EXPECT_EQ(facts.total_size, 28U);
    EXPECT_EQ(facts.header_size, 20U);
    EXPECT_EQ(facts.protocol, 17);
    EXPECT_EQ(facts.hop_limit, 64);
    EXPECT_EQ(facts.ecn, Ecn::Ect0);
    EXPECT_TRUE(facts.dont_fragment);
    EXPECT_FALSE(facts.is_fragment);
    EXPECT_TRUE(facts.has_ports);
    EXPECT_EQ(facts.source_port, 1000);
    EXPECT_EQ(facts.destination_port, 2000);
    EXPECT_EQ(facts.family(), Family::V4);
}

TEST(Packet, ReadsAnIpv6Packet) {
    PacketOptions options = ipv6_options();
    options.traffic_class = 0x03;
    options.hop_limit = 7;
    const auto facts = parse_packet(make_packet(options, kUdpHeader)).value();
    EXPECT_EQ(facts.source, ip("fd00::1"));
    EXPECT_EQ(facts.destination, ip("fd00::2"));
    EXPECT_EQ(facts.total_size, 48U);
    EXPECT_EQ(facts.header_size, 40U);
    EXPECT_EQ(facts.hop_limit, 7);
    EXPECT_EQ(facts.ecn, Ecn::Ce);
    EXPECT_TRUE(facts.dont_fragment);
    EXPECT_EQ(facts.destination_port, 2000);
    EXPECT_EQ(facts.family(), Family::V6);
}

TEST(Packet, FindsPortsBehindIpv4Options) {
    PacketOptions options;
    options.ipv4_options = 40;
    const auto facts = parse_packet(make_packet(options, kUdpHeader)).value();
    EXPECT_EQ(facts.header_size, 60U);
    EXPECT_EQ(facts.source_port, 1000);
}

TEST(Packet, FragmentsHaveNoPortsAndOneFlowHash) {
    PacketOptions options;
    options.fragment_word = 0x2000;
    const auto first = parse_packet(make_packet(options, kUdpHeader)).value();
    options.fragment_word = 0x0001;
    const auto last = parse_packet(make_packet(options, hex("ffffffffffff"))).value();
    EXPECT_TRUE(first.is_fragment);
    EXPECT_FALSE(first.has_ports);
    EXPECT_TRUE(last.is_fragment);
    EXPECT_EQ(first.flow_hash, last.flow_hash);
    EXPECT_FALSE(last.dont_fragment);

    PacketOptions v6 = ipv6_options();
    v6.protocol = 44;
    EXPECT_TRUE(parse_packet(make_packet(v6, hex("1100000000000000"))).value().is_fragment);
}

TEST(Packet, APayloadTooShortForPortsHasNone) {
    const auto facts = parse_packet(make_packet({}, hex("03e807"))).value();
    EXPECT_FALSE(facts.has_ports);
    PacketOptions icmp;
    icmp.protocol = 1;
    EXPECT_FALSE(parse_packet(make_packet(icmp, kUdpHeader)).value().has_ports);
}

struct Malformed {
    const char* why;
    const char* hex;
    ErrorCode code;
};

constexpr Malformed kMalformed[] = {
    {"nothing", "", ErrorCode::kTruncated},
    {"version 0",
     "05000014000000004011000000000000"
     "00000000",
     ErrorCode::kMalformed},
    {"version 5",
     "55000014000000004011000000000000"
     "00000000",
     ErrorCode::kMalformed},
    {"version 15", "ff", ErrorCode::kMalformed},
    {"IPv4, one byte", "45", ErrorCode::kTruncated},
    {"IPv4, 19 bytes", "45000013000000004011000000000000000000", ErrorCode::kTruncated},
    {"IPv4, header of 16",
     "44000014000000004011000000000000"
     "00000000",
     ErrorCode::kMalformed},
    {"IPv4, header of 0",
     "40000014000000004011000000000000"
     "00000000",
     ErrorCode::kMalformed},
    {"IPv4, total below header",
     "46000014000000004011000000000000"
     "00000000",
     ErrorCode::kMalformed},
    {"IPv4, total of 0",
     "45000000000000004011000000000000"
     "00000000",
     ErrorCode::kMalformed},
    {"IPv4, options cut",
     "4f00003c000000004011000000000000"
     "00000000",
     ErrorCode::kTruncated},
    {"IPv4, payload cut",
     "45000015000000004011000000000000"
     "00000000",
     ErrorCode::kTruncated},
    {"IPv4, byte behind",
     "45000014000000004011000000000000"
     "0000000000",
     ErrorCode::kMalformed},
    {"IPv6, one byte", "60", ErrorCode::kTruncated},
    {"IPv6, 39 bytes",
     "600000000000114000000000000000000000000000000000"
     "000000000000000000000000000000",
     ErrorCode::kTruncated},
    {"IPv6, payload cut",
     "600000000001114000000000000000000000000000000000"
     "00000000000000000000000000000000",
     ErrorCode::kTruncated},
    {"IPv6, byte behind",
     "600000000000114000000000000000000000000000000000"
     "0000000000000000000000000000000000",
     ErrorCode::kMalformed},
};

TEST(Packet, RefusesMalformedInput) {
    for (const Malformed& c : kMalformed) {
        const auto parsed = parse_packet(hex(c.hex));
        ASSERT_FALSE(parsed) << c.why;
        EXPECT_EQ(parsed.error().code, c.code) << c.why;
    }
}

TEST(Packet, SizeLooksOnlyAtTheFirstOfSeveralPackets) {
    auto two = make_packet({}, kUdpHeader);
    const auto second = make_packet(ipv6_options(), kUdpHeader);
    two.insert(two.end(), second.begin(), second.end());
    EXPECT_EQ(packet_size(two).value(), 28U);
    EXPECT_EQ(packet_size(base::ByteView(two).subspan(28)).value(), 48U);
    EXPECT_EQ(parse_packet(two).error().code, ErrorCode::kMalformed);
    EXPECT_EQ(packet_size(base::ByteView(two).first(27)).error().code, ErrorCode::kTruncated);
}

TEST(Packet, RandomBytesNeverOverrun) {
    base::Rng rng({});
    for (int round = 0; round < 20'000; ++round) {
        base::Bytes bytes(rng.below(80));
        rng.fill(bytes);
        if (!bytes.empty() && rng.below(2) == 0) {
            bytes[0] = rng.below(2) == 0 ? std::byte{0x45} : std::byte{0x60};
        }
        if (parse_packet(bytes)) {
            decrement_hop_limit(bytes) ? void() : void();
            mark_congestion(bytes);
            clamp_tcp_mss(bytes, 1200);
        }
    }
}

TEST(Packet, FlowHashSeparatesFlows) {
    std::set<std::uint32_t> low_bits;
    std::set<std::uint32_t> hashes;
    for (unsigned port = 0; port < 1000; ++port) {
        auto udp = kUdpHeader;
        base::ByteWriter(udp).u16(static_cast<std::uint16_t>(port));
        const auto hash = parse_packet(make_packet({}, udp)).value().flow_hash;
        hashes.insert(hash);
        low_bits.insert(hash % 4096);
    }
    EXPECT_EQ(hashes.size(), 1000U);
    EXPECT_GT(low_bits.size(), 850U);  // 888 expected of a random function
}

TEST(Packet, FlowHashLooksAtEveryKeyField) {
    PacketOptions options;
    std::set<std::uint32_t> hashes;
    hashes.insert(parse_packet(make_packet(options, kUdpHeader)).value().flow_hash);
    options.source = "10.0.0.3";
    hashes.insert(parse_packet(make_packet(options, kUdpHeader)).value().flow_hash);
    options.destination = "10.0.0.1";
    hashes.insert(parse_packet(make_packet(options, kUdpHeader)).value().flow_hash);
    options.protocol = 6;
    hashes.insert(parse_packet(make_packet(options, kUdpHeader)).value().flow_hash);
    EXPECT_EQ(hashes.size(), 4U);
    options.hop_limit = 3;
    options.traffic_class = 3;
    hashes.insert(parse_packet(make_packet(options, kUdpHeader)).value().flow_hash);
    EXPECT_EQ(hashes.size(), 4U);  // and at nothing else
}

TEST(HopLimit, GoesDownAndTheChecksumFollows) {
    for (unsigned ttl = 2; ttl < 256; ++ttl) {
        PacketOptions options;
        options.hop_limit = static_cast<std::uint8_t>(ttl);
        auto packet = make_packet(options, kUdpHeader);
        ASSERT_TRUE(decrement_hop_limit(packet));
        options.hop_limit = static_cast<std::uint8_t>(ttl - 1);
        EXPECT_EQ(packet, make_packet(options, kUdpHeader));
    }
    auto v6 = make_packet(ipv6_options(), kUdpHeader);
    ASSERT_TRUE(decrement_hop_limit(v6));
    EXPECT_EQ(parse_packet(v6).value().hop_limit, 63);
}

TEST(HopLimit, OfOneOrZeroMustNotBeForwarded) {
    for (PacketOptions options : {PacketOptions(), ipv6_options()}) {
        for (const std::uint8_t limit : {std::uint8_t{0}, std::uint8_t{1}}) {
            options.hop_limit = limit;
            const auto before = make_packet(options, kUdpHeader);
            auto packet = before;
            EXPECT_FALSE(decrement_hop_limit(packet));
            EXPECT_EQ(packet, before);
        }
    }
}

TEST(Congestion, IsMarkedOnEcnCapablePacketsOnly) {
    for (PacketOptions options : {PacketOptions(), ipv6_options()}) {
        for (unsigned ecn = 0; ecn < 4; ++ecn) {
            options.traffic_class = static_cast<std::uint8_t>(0xb8 | ecn);
            const auto before = make_packet(options, kUdpHeader);
            auto packet = before;
            const bool capable = ecn == 1 || ecn == 2;
            EXPECT_EQ(mark_congestion(packet), capable);
            options.traffic_class = 0xbb;
            EXPECT_EQ(packet, capable ? make_packet(options, kUdpHeader) : before);
        }
    }
}

TEST(Dscp, IsReadWithoutEcn) {
    for (PacketOptions options : {PacketOptions(), ipv6_options()}) {
        for (unsigned dscp = 0; dscp < 64; ++dscp) {
            options.traffic_class = static_cast<std::uint8_t>(dscp << 2 | 3U);
            EXPECT_EQ(dscp_of(make_packet(options, kUdpHeader)), dscp);
        }
    }
}

}  // namespace
}  // namespace qe::net
