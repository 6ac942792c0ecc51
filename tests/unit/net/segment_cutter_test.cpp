// SPDX-License-Identifier: Apache-2.0
#include "quicether/net/segment_cutter.h"

#include <gtest/gtest.h>

#include "quicether/net/packet.h"
#include "transport_builder.h"

namespace qe::net {
namespace {

using base::ByteView;
using test::joined;
using test::u16_at;
using test::u32_at;

constexpr std::size_t kTcp = 20 + 32;  ///< Headers of the test's TCP over IPv4.
constexpr std::size_t kAnySize = 65'535;

Offload tcp_offload(std::uint16_t segment_bytes, std::uint16_t offset = 20) {
    return {Segmentation::Tcp, true, segment_bytes, offset};
}
Offload udp_offload(std::uint16_t segment_bytes, std::uint16_t offset = 20) {
    return {Segmentation::Udp, true, segment_bytes, offset};
}
Offload checksum_offload(std::uint16_t offset = 20) {
    return {Segmentation::None, true, 0, offset};
}

/// All that is left of `cutter`, with completed checksums. Every packet must parse.
std::vector<base::Bytes> cut_all(SegmentCutter& cutter, std::size_t packet_bytes_max,
                                 std::uint8_t protocol) {
    std::vector<base::Bytes> packets;
    while (!cutter.done()) {
        const Segment segment = cutter.next(packet_bytes_max);
        packets.push_back(joined(segment));
        const auto facts = parse_packet(packets.back());
        EXPECT_TRUE(facts);
        if (facts && segment.checksum_partial) {
            complete_checksum(packets.back(), facts->header_size, protocol);
        }
    }
    return packets;
}

std::vector<base::Bytes> cut(ByteView packet, const Offload& offload, std::size_t packet_bytes_max,
                             std::uint8_t protocol = test::kTcpNumber) {
    auto cutter = SegmentCutter::make(packet, offload);
    EXPECT_TRUE(cutter);
    return cutter ? cut_all(*cutter, packet_bytes_max, protocol) : std::vector<base::Bytes>{};
}

base::ErrorCode refusal(ByteView packet, const Offload& offload) {
    const auto cutter = SegmentCutter::make(packet, offload);
    EXPECT_FALSE(cutter);
    return cutter ? base::ErrorCode{} : cutter.error().code;
}

base::Bytes tcp_packet(std::size_t payload, std::uint8_t flags = 0x10,
                       const test::PacketOptions& options = {}) {
    test::TcpFields fields;
    fields.flags = flags;
    return test::make_tcp(options, fields, test::stream_bytes(0, payload));
}

TEST(SegmentCutter, OfNothingIsDone) {
    const SegmentCutter cutter;
    EXPECT_TRUE(cutter.done());
    EXPECT_EQ(cutter.rest(), 0U);
}

TEST(SegmentCutter, PassesAPacketThatLeavesNothingUndone) {
    const auto packet = test::make_sized_packet(1400);
    auto cutter = SegmentCutter::make(packet, {});
    ASSERT_TRUE(cutter);
    EXPECT_EQ(cutter->rest(), 1400U);
    EXPECT_TRUE(cutter->next_fits(1400));
    EXPECT_FALSE(cutter->next_fits(1399));
    const Segment segment = cutter->next(100);
    EXPECT_TRUE(segment.header.empty());
    EXPECT_EQ(segment.payload.data(), packet.data());
    EXPECT_EQ(segment.size(), 1400U);
    EXPECT_FALSE(segment.checksum_partial);
    EXPECT_TRUE(cutter->done());
}

TEST(SegmentCutter, PassesWhatFitsAsItIs) {
    const auto packet = tcp_packet(1000);
    for (const Offload& offload : {checksum_offload(), tcp_offload(1000), tcp_offload(2000)}) {
        auto cutter = SegmentCutter::make(packet, offload);
        ASSERT_TRUE(cutter);
        const Segment segment = cutter->next(kTcp + 1000);
        EXPECT_TRUE(segment.header.empty());
        EXPECT_EQ(joined(segment), packet);
        EXPECT_TRUE(segment.checksum_partial);
        EXPECT_TRUE(cutter->done());
    }
}

TEST(SegmentCutter, CutsTcpAsASenderWouldHaveSentIt) {
    const auto packet = tcp_packet(2500, 0x99);  // CWR, ACK, PSH, FIN
    const auto segments = cut(packet, tcp_offload(1000), 1400);
    ASSERT_EQ(segments.size(), 3U);
    const std::array<std::uint8_t, 3> flags = {0x90, 0x10, 0x19};
    for (std::size_t i = 0; i < 3; ++i) {
        test::TcpFields fields;
        fields.sequence = static_cast<std::uint32_t>(1 + 1000 * i);
        fields.flags = flags[i];
        auto expected =
            test::make_tcp({}, fields, test::stream_bytes(1000 * i, i == 2 ? 500 : 1000));
        test::set_id(expected, static_cast<std::uint16_t>(0x1234 + i));
        EXPECT_EQ(segments[i], expected) << i;
    }
}

TEST(SegmentCutter, CutsSmallerThanTheSenderWhenThePathAsksForIt) {
    const auto packet = tcp_packet(2000);
    auto cutter = SegmentCutter::make(packet, tcp_offload(1000)).value();
    EXPECT_EQ(cutter.next(kTcp + 600).payload.size(), 600U);
    EXPECT_EQ(cutter.next(kTcp + 1).payload.size(), 1U);
    const Segment third = cutter.next(kAnySize);
    EXPECT_EQ(third.payload.size(), 1000U);
    EXPECT_EQ(u32_at(third.header, 20 + 4), 1U + 601);
    EXPECT_EQ(u16_at(third.header, 4), 0x1234 + 2);
    EXPECT_EQ(cutter.rest(), 399U);
    EXPECT_EQ(cutter.next(kAnySize).payload.size(), 399U);
    EXPECT_TRUE(cutter.done());
}

TEST(SegmentCutter, CutsAPlainTcpPacketThatIsTooLarge) {
    const auto packet = tcp_packet(1448, 0x18);
    const auto segments = cut(packet, checksum_offload(), 1400);
    ASSERT_EQ(segments.size(), 2U);
    EXPECT_EQ(segments[0].size(), 1400U);
    EXPECT_EQ(segments[1].size(), kTcp + 100);
    for (const auto& segment : segments) {
        EXPECT_TRUE(test::checksums_hold(segment, 20, test::kTcpNumber));
    }
    EXPECT_EQ(segments[0][33], std::byte{0x10});
    EXPECT_EQ(segments[1][33], std::byte{0x18});
}

TEST(SegmentCutter, DoesNotCutWhatHasACompleteChecksum) {
    const auto packet = tcp_packet(1448);
    EXPECT_EQ(cut(packet, {}, 1400), std::vector<base::Bytes>{packet});
}

TEST(SegmentCutter, NeverCutsSynRstOrUrg) {
    for (const int flag : {0x02, 0x04, 0x20}) {
        const auto packet = tcp_packet(1448, static_cast<std::uint8_t>(0x10 | flag));
        for (const Offload& offload : {checksum_offload(), tcp_offload(500)}) {
            auto cutter = SegmentCutter::make(packet, offload).value();
            EXPECT_FALSE(cutter.next_fits(1400));
            EXPECT_EQ(joined(cutter.next(1400)), packet);
            EXPECT_TRUE(cutter.done());
        }
    }
}

TEST(SegmentCutter, HandsOutAPacketWithoutPayloadOnce) {
    const auto packet = tcp_packet(0);
    for (const Offload& offload : {checksum_offload(), tcp_offload(500)}) {
        EXPECT_EQ(cut(packet, offload, 1400), std::vector<base::Bytes>{packet});
    }
}

TEST(SegmentCutter, SaysWhetherTheNextFits) {
    const auto tcp = tcp_packet(3000);
    auto cutter = SegmentCutter::make(tcp, tcp_offload(1000)).value();
    EXPECT_TRUE(cutter.next_fits(kTcp + 1));
    EXPECT_FALSE(cutter.next_fits(kTcp));
    EXPECT_EQ(cutter.next(kTcp).size(), kTcp + 1000);  // as large as it is, not byte by byte

    const auto udp = test::make_udp({}, 1000, test::stream_bytes(0, 2100));
    cutter = SegmentCutter::make(udp, udp_offload(1000)).value();
    EXPECT_TRUE(cutter.next_fits(1028));
    EXPECT_FALSE(cutter.next_fits(1027));
    EXPECT_EQ(cutter.next(500).size(), 1028U);
    EXPECT_EQ(cutter.next(500).size(), 1028U);
    EXPECT_TRUE(cutter.next_fits(128));
    EXPECT_EQ(cutter.next(500).size(), 128U);
}

TEST(SegmentCutter, CountsTheIdentificationAround) {
    auto packet = tcp_packet(3000);
    test::set_id(packet, 0xfffe);
    const auto segments = cut(packet, tcp_offload(1000), 1400);
    ASSERT_EQ(segments.size(), 3U);
    EXPECT_EQ(u16_at(segments[1], 4), 0xffff);
    EXPECT_EQ(u16_at(segments[2], 4), 0x0000);
    for (const auto& segment : segments) {
        EXPECT_TRUE(test::checksums_hold(segment, 20, test::kTcpNumber));
    }
}

TEST(SegmentCutter, CutsTheLargestPacketToSingleBytes) {
    test::TcpFields fields;
    fields.options.clear();
    fields.sequence = 0xffff'0000;
    const auto packet = test::make_tcp({}, fields, test::stream_bytes(0, kPacketBytesMax - 40));
    const auto segments = cut(packet, tcp_offload(1), 1400);
    ASSERT_EQ(segments.size(), kPacketBytesMax - 40);
    EXPECT_EQ(u32_at(segments.back(), 24), 0xffff'0000U + 65'494);
    EXPECT_TRUE(test::checksums_hold(segments.back(), 20, test::kTcpNumber));
}

TEST(SegmentCutter, KeepsIpv4OptionsInEverySegment) {
    test::PacketOptions options;
    options.ipv4_options = 40;
    const auto packet = tcp_packet(2000, 0x10, options);
    const auto segments = cut(packet, tcp_offload(1000, 60), 1400);
    ASSERT_EQ(segments.size(), 2U);
    for (const auto& segment : segments) {
        EXPECT_EQ(segment.size(), 60U + 32 + 1000);
        EXPECT_EQ(internet_checksum(ByteView(segment).first(60)), 0);
    }
}

TEST(SegmentCutter, CutsIpv6) {
    const auto packet = tcp_packet(2500, 0x18, test::ipv6_options());
    const auto segments = cut(packet, tcp_offload(1000, 40), 1400);
    ASSERT_EQ(segments.size(), 3U);
    for (std::size_t i = 0; i < 3; ++i) {
        test::TcpFields fields;
        fields.sequence = static_cast<std::uint32_t>(1 + 1000 * i);
        fields.flags = i == 2 ? 0x18 : 0x10;
        EXPECT_EQ(segments[i], test::make_tcp(test::ipv6_options(), fields,
                                              test::stream_bytes(1000 * i, i == 2 ? 500 : 1000)));
    }
}

TEST(SegmentCutter, CutsUdpIntoDatagrams) {
    for (const auto& options : {test::PacketOptions{}, test::ipv6_options()}) {
        const std::uint16_t offset = options.source == "10.0.0.1" ? 20 : 40;
        const auto packet = test::make_udp(options, 1000, test::stream_bytes(0, 2100));
        const auto segments = cut(packet, udp_offload(1000, offset), 1400, test::kUdpNumber);
        ASSERT_EQ(segments.size(), 3U);
        for (std::size_t i = 0; i < 3; ++i) {
            auto expected =
                test::make_udp(options, 1000, test::stream_bytes(1000 * i, i == 2 ? 100 : 1000));
            if (offset == 20) {
                test::set_id(expected, static_cast<std::uint16_t>(0x1234 + i));
            }
            EXPECT_EQ(segments[i], expected) << i;
        }
    }
}

/// IPv6, eight bytes of `extension` and the segment, whose checksum field holds `pseudo`.
base::Bytes behind_extension(std::uint8_t extension, std::string_view header, base::Bytes segment,
                             std::uint16_t pseudo) {
    base::ByteWriter(base::MutableBytes(segment).subspan(header.starts_with("06") ? 16 : 6))
        .u16(pseudo);
    auto payload = test::hex(header);
    payload.insert(payload.end(), segment.begin(), segment.end());
    auto options = test::ipv6_options();
    options.protocol = extension;
    return test::make_packet(options, payload);
}

std::uint16_t pseudo_sum(std::string_view destination, std::uint8_t protocol, std::size_t size) {
    return checksum_fold(
        pseudo_header_sum(test::ip("fd00::1"), test::ip(destination), protocol, size));
}

TEST(SegmentCutter, FinishesChecksumsThatAReceiverWouldNotFind) {
    const auto segment = test::tcp_segment({}, test::stream_bytes(0, 2500));
    const auto packet = behind_extension(0, "0600010400000000", segment,
                                         pseudo_sum("fd00::2", test::kTcpNumber, segment.size()));
    for (const auto& [offload, count] :
         {std::pair(tcp_offload(1000, 48), 3U), std::pair(checksum_offload(48), 2U),
          std::pair(tcp_offload(3000, 48), 1U)}) {
        auto cutter = SegmentCutter::make(packet, offload).value();
        std::size_t passed = 0;
        for (unsigned i = 0; i < count; ++i) {
            const Segment piece = cutter.next(count == 1 ? 3000 : 1400);
            EXPECT_FALSE(piece.checksum_partial);
            EXPECT_EQ(piece.header.size(), 40U + 8 + 32);
            EXPECT_TRUE(parse_packet(joined(piece)));
            EXPECT_TRUE(test::checksums_hold(joined(piece), 48, test::kTcpNumber));
            passed += piece.payload.size();
        }
        EXPECT_TRUE(cutter.done());
        EXPECT_EQ(passed, 2500U);
    }
}

TEST(SegmentCutter, TrustsThePseudoHeaderBehindARoutingHeader) {
    // The checksum counts the final destination (RFC 8200, 8.1), not the one in the IPv6 header.
    const auto segment = test::tcp_segment({}, test::stream_bytes(0, 2000));
    const auto packet = behind_extension(43, "0600fd0000000000", segment,
                                         pseudo_sum("fd00::9", test::kTcpNumber, segment.size()));
    auto cutter = SegmentCutter::make(packet, tcp_offload(1000, 48)).value();
    const auto first = joined(cutter.next(1400));
    const ChecksumSum sum =
        pseudo_sum("fd00::9", test::kTcpNumber, 1032) + checksum_sum(ByteView(first).subspan(48));
    EXPECT_EQ(checksum_fold(sum), 0xffff);
}

TEST(SegmentCutter, FinishesAPacketWithoutPayloadBehindExtensions) {
    const auto segment = test::tcp_segment({}, {});
    const auto packet = behind_extension(60, "0600010400000000", segment,
                                         pseudo_sum("fd00::2", test::kTcpNumber, segment.size()));
    auto cutter = SegmentCutter::make(packet, checksum_offload(48)).value();
    EXPECT_FALSE(cutter.done());
    const Segment whole = cutter.next(1400);
    EXPECT_FALSE(whole.checksum_partial);
    EXPECT_TRUE(test::checksums_hold(joined(whole), 48, test::kTcpNumber));
    EXPECT_TRUE(cutter.done());
}

TEST(SegmentCutter, GivesNoUdpDatagramTheChecksumZero) {
    // Two bytes of payload choose the checksum: all sums that may come out, zero among them.
    base::Bytes segment = test::hex("03e807d0000a00000000");
    bool met = false;
    for (unsigned word = 0; word <= 0xffff; ++word) {
        base::ByteWriter(base::MutableBytes(segment).subspan(8))
            .u16(static_cast<std::uint16_t>(word));
        const auto packet = behind_extension(0, "1100010400000000", segment,
                                             pseudo_sum("fd00::2", test::kUdpNumber, 10));
        auto cutter = SegmentCutter::make(packet, checksum_offload(48)).value();
        const auto field = u16_at(joined(cutter.next(1400)), 48 + 6);
        ASSERT_NE(field, 0) << word;
        met = met || field == 0xffff;
    }
    EXPECT_TRUE(met);
}

TEST(SegmentCutter, RefusesOffloadsThatContradictThemselves) {
    const auto packet = tcp_packet(2000);
    EXPECT_EQ(refusal(packet, tcp_offload(0)), base::ErrorCode::kMalformed);
    EXPECT_EQ(refusal(packet, {Segmentation::Tcp, false, 1000, 20}), base::ErrorCode::kMalformed);
    EXPECT_EQ(refusal(packet, {Segmentation::Udp, false, 1000, 20}), base::ErrorCode::kMalformed);
}

TEST(SegmentCutter, RefusesOffloadsThatContradictThePacket) {
    const auto tcp = tcp_packet(2000);
    const auto udp = test::make_udp({}, 1, test::stream_bytes(0, 2000));
    EXPECT_EQ(refusal(udp, tcp_offload(1000)), base::ErrorCode::kMalformed);
    EXPECT_EQ(refusal(tcp, udp_offload(1000)), base::ErrorCode::kMalformed);
    for (const std::uint16_t offset : std::initializer_list<std::uint16_t>{0, 19, 24, 40}) {
        EXPECT_EQ(refusal(tcp, tcp_offload(1000, offset)), base::ErrorCode::kMalformed) << offset;
    }
    const auto tcp6 = tcp_packet(2000, 0x10, test::ipv6_options());
    for (const std::uint16_t offset : std::initializer_list<std::uint16_t>{0, 20, 39, 41, 48}) {
        EXPECT_EQ(refusal(tcp6, tcp_offload(1000, offset)), base::ErrorCode::kMalformed) << offset;
    }
    test::PacketOptions icmp;
    icmp.protocol = 1;
    EXPECT_EQ(refusal(test::make_sized_packet(200, icmp), checksum_offload()),
              base::ErrorCode::kMalformed);
    test::PacketOptions fragment;
    fragment.fragment_word = 0x2000;
    EXPECT_EQ(refusal(tcp_packet(2000, 0x10, fragment), tcp_offload(1000)),
              base::ErrorCode::kMalformed);
}

TEST(SegmentCutter, RefusesHeadersThatAreCut) {
    const auto tcp = tcp_packet(2000);
    EXPECT_EQ(refusal(tcp, tcp_offload(1000, 2045)), base::ErrorCode::kTruncated);
    EXPECT_EQ(refusal(tcp, tcp_offload(1000, 0xffff)), base::ErrorCode::kTruncated);
    EXPECT_EQ(refusal({}, checksum_offload()), base::ErrorCode::kTruncated);
    EXPECT_EQ(refusal(ByteView(tcp).first(20), checksum_offload()), base::ErrorCode::kTruncated);
    EXPECT_EQ(refusal(ByteView(tcp).first(39), checksum_offload()), base::ErrorCode::kTruncated);
    EXPECT_EQ(refusal(ByteView(tcp).first(51), checksum_offload()), base::ErrorCode::kTruncated);
    auto offset_4 = tcp;
    offset_4[32] = std::byte{0x40};
    EXPECT_EQ(refusal(offset_4, checksum_offload()), base::ErrorCode::kMalformed);
}

TEST(SegmentCutter, RefusesChainsOfHeadersThatLeadElsewhere) {
    const auto segment = test::tcp_segment({}, test::stream_bytes(0, 2000));
    const auto offload = tcp_offload(1000, 48);
    // Past the transport header, to no transport header, through a fragment.
    EXPECT_EQ(refusal(behind_extension(0, "0601010400000000", segment, 0), offload),
              base::ErrorCode::kMalformed);
    EXPECT_EQ(refusal(behind_extension(0, "3b00010400000000", segment, 0), offload),
              base::ErrorCode::kMalformed);
    EXPECT_EQ(refusal(behind_extension(44, "0600000000000001", segment, 0), offload),
              base::ErrorCode::kMalformed);
    // More headers than the cutter has room for.
    std::string chain = "060c0104" + std::string(200, '0');
    EXPECT_EQ(refusal(behind_extension(0, chain, segment, 0), tcp_offload(1000, 40 + 104)),
              base::ErrorCode::kMalformed);
}

}  // namespace
}  // namespace qe::net
