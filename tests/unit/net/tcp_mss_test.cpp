// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "packet_builder.h"
#include "quicether/base/rng.h"
#include "quicether/net/packet.h"

namespace qe::net {
namespace {

using test::hex;
using test::ip;
using test::ipv6_options;
using test::PacketOptions;

/// A TCP segment with these option bytes (a multiple of 4) and a right checksum.
base::Bytes make_tcp(PacketOptions options, std::string_view option_hex,
                     std::uint8_t flags = 0x02) {
    auto tcp =
        hex("03e807d00000000100000000"
            "0000ffff"
            "00000000");
    const auto tcp_options = hex(option_hex);
    tcp.insert(tcp.end(), tcp_options.begin(), tcp_options.end());
    tcp[12] = static_cast<std::byte>(tcp.size() / 4 << 4);
    tcp[13] = std::byte{flags};
    base::ByteWriter(base::MutableBytes(tcp).subspan(16))
        .u16(transport_checksum(ip(options.source), ip(options.destination), 6, tcp));
    options.protocol = 6;
    return test::make_packet(options, tcp);
}

TEST(TcpMss, IsLoweredWithItsChecksum) {
    auto packet = make_tcp({},
                           "020405b4"
                           "01030307");
    EXPECT_TRUE(clamp_tcp_mss(packet, 1420));
    EXPECT_EQ(packet, make_tcp({},
                               "02040564"
                               "01030307"));  // 1420 - 40 = 1380

    auto v6 = make_tcp(ipv6_options(), "020405a0");
    EXPECT_TRUE(clamp_tcp_mss(v6, 1420));
    EXPECT_EQ(v6, make_tcp(ipv6_options(), "02040550"));  // 1420 - 60 = 1360
}

TEST(TcpMss, IsLoweredBesideAPartialChecksum) {
    auto packet = make_tcp({}, "020405b4");
    begin_checksum(packet, 20, kProtocolTcp);
    EXPECT_TRUE(clamp_tcp_mss(packet, 1420, true));
    complete_checksum(packet, 20, kProtocolTcp);
    EXPECT_EQ(packet, make_tcp({}, "02040564"));
}

TEST(TcpMss, IsFoundBehindOtherOptionsAtOddOffsets) {
    auto packet = make_tcp({},
                           "0402"
                           "01"
                           "020405b4"
                           "01");
    EXPECT_TRUE(clamp_tcp_mss(packet, 1280));
    EXPECT_EQ(packet, make_tcp({},
                               "0402"
                               "01"
                               "020404d8"
                               "01"));
    auto odd = make_tcp({}, "01020405b4010100");
    EXPECT_TRUE(clamp_tcp_mss(odd, 1280));
    EXPECT_EQ(odd, make_tcp({}, "01020404d8010100"));
}

TEST(TcpMss, OfASynAckIsLoweredToo) {
    auto packet = make_tcp({}, "020405b4", 0x12);
    EXPECT_TRUE(clamp_tcp_mss(packet, 1420));
}

TEST(TcpMss, IsLeftAloneWhenThereIsNothingToLower) {
    const auto unchanged = [](base::Bytes packet, std::size_t mtu) {
        const auto before = packet;
        return !clamp_tcp_mss(packet, mtu) && packet == before;
    };
    EXPECT_TRUE(unchanged(make_tcp({}, "02040564"), 1420));        // equal already
    EXPECT_TRUE(unchanged(make_tcp({}, "020405b4"), 100'000));     // larger than any MSS
    EXPECT_TRUE(unchanged(make_tcp({}, "020405b4"), 40));          // no room at all
    EXPECT_TRUE(unchanged(make_tcp({}, "020405b4", 0x10), 1420));  // not a SYN
    EXPECT_TRUE(unchanged(make_tcp({}, ""), 1420));                // no option
    EXPECT_TRUE(unchanged(make_tcp({},
                                   "00000000"
                                   "020405b4"),
                          1420));                            // behind the end
    EXPECT_TRUE(unchanged(make_tcp({}, "020305b4"), 1420));  // wrong size
    EXPECT_TRUE(unchanged(make_tcp({},
                                   "03000000"
                                   "020405b4"),
                          1420));  // size 0 would loop
    EXPECT_TRUE(unchanged(make_tcp({},
                                   "03ff0000"
                                   "020405b4"),
                          1420));                            // size beyond the header
    EXPECT_TRUE(unchanged(make_tcp({}, "01010102"), 1420));  // kind without a size
    PacketOptions fragment;
    fragment.fragment_word = 1;
    EXPECT_TRUE(unchanged(make_tcp(fragment, "020405b4"), 1420));
    EXPECT_TRUE(unchanged(test::make_packet({}, hex("0000")), 1420));
}

TEST(TcpMss, SurvivesHostileHeaders) {
    base::Rng rng({});
    for (int round = 0; round < 20'000; ++round) {
        PacketOptions options = rng.below(2) == 0 ? PacketOptions() : ipv6_options();
        options.protocol = 6;
        base::Bytes tcp(rng.below(64));
        rng.fill(tcp);
        if (tcp.size() > 13) {
            tcp[13] |= std::byte{2};
        }
        auto packet = test::make_packet(options, tcp);
        const std::size_t size = packet.size();
        clamp_tcp_mss(packet, 576 + rng.below(1000));
        EXPECT_EQ(packet.size(), size);
    }
}

}  // namespace
}  // namespace qe::net
