// SPDX-License-Identifier: Apache-2.0
//
// Headers that do not fit their packet. Those that do: tun_device_test.cpp, with the real kernel.
#include "host/virtio_header.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include <netinet/in.h>

#include "quicether/base/rng.h"
#include "quicether/net/checksum.h"
#include "quicether/net/packet.h"

namespace qe::host {
namespace {

constexpr std::size_t kIp = net::kIpv4HeaderMin;

/// IPv4 from 10.0.0.1 to 10.0.0.2 with a TCP-like header of 20 bytes and `payload` more.
base::Bytes make_packet(std::uint8_t protocol, std::size_t payload) {
    base::Bytes packet(kIp + 20 + payload, std::byte{0x11});
    std::fill_n(packet.begin(), kIp, std::byte{0});
    packet[0] = std::byte{0x45};
    packet[2] = static_cast<std::byte>(packet.size() >> 8);
    packet[3] = static_cast<std::byte>(packet.size());
    packet[8] = std::byte{64};
    packet[9] = static_cast<std::byte>(protocol);
    packet[12] = packet[16] = std::byte{10};
    packet[15] = std::byte{1};
    packet[19] = std::byte{2};
    packet[kIp + 12] = std::byte{0x50};
    return packet;
}

VirtioHeader tcp_header(std::uint16_t segment_bytes) {
    VirtioHeader header;
    header.flags = VirtioHeader::kNeedsChecksum;
    header.gso_type = segment_bytes == 0 ? VirtioHeader::kGsoNone : VirtioHeader::kGsoTcpV4;
    header.segment_bytes = segment_bytes;
    header.checksum_start = kIp;
    header.checksum_offset = 16;
    return header;
}

TEST(VirtioHeader, SaysNothingAboutAPlainPacket) {
    base::Bytes packet = make_packet(IPPROTO_TCP, 10);
    EXPECT_EQ(parse_virtio_header({}, packet), net::Offload{});
    base::Bytes nonsense(3);
    EXPECT_EQ(parse_virtio_header({}, nonsense), net::Offload{});
}

TEST(VirtioHeader, RefusesAChecksumBeyondThePacket) {
    base::Bytes packet = make_packet(IPPROTO_TCP, 0);
    VirtioHeader header = tcp_header(0);
    header.checksum_start = static_cast<std::uint16_t>(packet.size() - 17);
    EXPECT_FALSE(parse_virtio_header(header, packet));
    header.checksum_start = 0xffff;
    header.checksum_offset = 0xffff;
    EXPECT_FALSE(parse_virtio_header(header, packet));
}

TEST(VirtioHeader, CompletesTheChecksumOfAProtocolTheCoreDoesNotKnow) {
    constexpr std::uint8_t kGre = 47;
    base::Bytes packet = make_packet(kGre, 11);
    VirtioHeader header = tcp_header(0);
    header.checksum_start = kIp + 4;
    header.checksum_offset = 6;
    packet[kIp + 10] = packet[kIp + 11] = std::byte{0};
    EXPECT_EQ(parse_virtio_header(header, packet), net::Offload{});
    EXPECT_EQ(net::internet_checksum(base::ByteView(packet).subspan(kIp + 4)), 0);
}

TEST(VirtioHeader, CompletesTheChecksumOfTcpAtAnOddPlace) {
    base::Bytes packet = make_packet(IPPROTO_TCP, 40);
    VirtioHeader header = tcp_header(0);
    header.checksum_start = kIp + 20;  // Something inside its payload.
    packet[kIp + 36] = packet[kIp + 37] = std::byte{0};
    EXPECT_EQ(parse_virtio_header(header, packet), net::Offload{});
    EXPECT_EQ(net::internet_checksum(base::ByteView(packet).subspan(kIp + 20)), 0);
}

TEST(VirtioHeader, RefusesSegmentationsThatDoNotFit) {
    const auto refuses = [](std::uint8_t protocol, VirtioHeader header) {
        base::Bytes packet = make_packet(protocol, 3000);
        return !parse_virtio_header(header, packet).has_value();
    };
    VirtioHeader header = tcp_header(1000);
    EXPECT_FALSE(refuses(IPPROTO_TCP, header));
    EXPECT_TRUE(refuses(IPPROTO_UDP, header));
    header.gso_type = VirtioHeader::kGsoTcpV6;
    EXPECT_TRUE(refuses(IPPROTO_TCP, header));
    header.gso_type = 3;  // UDP fragmentation, which was never asked for.
    EXPECT_TRUE(refuses(IPPROTO_UDP, header));
    header = tcp_header(1000);
    header.segment_bytes = 0;
    EXPECT_TRUE(refuses(IPPROTO_TCP, header));
    header = tcp_header(1000);
    header.checksum_start = kIp + 4;
    EXPECT_TRUE(refuses(IPPROTO_TCP, header));
}

TEST(VirtioHeader, BeginsTheChecksumOfASuperPacketThatHasAWholeOne) {
    base::Bytes packet = make_packet(IPPROTO_TCP, 3000);
    base::Bytes expected = packet;
    net::begin_checksum(expected, kIp, IPPROTO_TCP);
    VirtioHeader header = tcp_header(1000);
    header.flags = 0;
    EXPECT_EQ(parse_virtio_header(header, packet),
              (net::Offload{net::Segmentation::Tcp, true, 1000, kIp}));
    EXPECT_EQ(packet, expected);
}

TEST(VirtioHeader, TakesASuperPacketOfOneSegmentForAPacket) {
    base::Bytes packet = make_packet(IPPROTO_TCP, 1000);
    EXPECT_EQ(parse_virtio_header(tcp_header(1000), packet),
              (net::Offload{net::Segmentation::None, true, 0, kIp}));
}

TEST(VirtioHeader, KeepsTheMarkOfExplicitCongestionNotification) {
    base::Bytes packet = make_packet(IPPROTO_TCP, 3000);
    VirtioHeader header = tcp_header(1000);
    header.gso_type |= VirtioHeader::kGsoEcn;
    const auto offload = parse_virtio_header(header, packet);
    ASSERT_TRUE(offload);
    const std::array parts = {base::ByteView(packet)};
    const auto type = [&] {
        return encode_virtio_header({parts, packet.size(), *offload}).gso_type;
    };
    packet[kIp + 13] = std::byte{0x10};
    EXPECT_EQ(type(), VirtioHeader::kGsoTcpV4);
    packet[kIp + 13] = std::byte{0x90};
    EXPECT_EQ(type(), VirtioHeader::kGsoTcpV4 | VirtioHeader::kGsoEcn);
}

TEST(VirtioHeader, SurvivesAnything) {
    base::Rng rng(base::Rng::Seed{});
    const auto drawn16 = [&] { return static_cast<std::uint16_t>(rng.below(120)); };
    std::size_t taken = 0;
    for (int round = 0; round < 20'000; ++round) {
        base::Bytes packet = make_packet(rng.below(2) == 0 ? IPPROTO_TCP : IPPROTO_UDP, 60);
        for (std::uint64_t i = rng.below(4); i > 0; --i) {
            packet[rng.below(packet.size())] = static_cast<std::byte>(rng.below(256));
        }
        packet.resize(rng.below(8) == 0 ? rng.below(packet.size()) : packet.size());
        const VirtioHeader header{static_cast<std::uint8_t>(rng.below(4)),
                                  static_cast<std::uint8_t>(rng.below(6)),
                                  drawn16(),
                                  drawn16(),
                                  rng.below(2) == 0 ? std::uint16_t{kIp} : drawn16(),
                                  rng.below(2) == 0 ? std::uint16_t{16} : drawn16()};
        const auto offload = parse_virtio_header(header, packet);
        if (offload && offload->checksum_partial) {
            ++taken;
            EXPECT_EQ(net::parse_packet(packet)->header_size, offload->transport_offset);
        }
    }
    EXPECT_GT(taken, 100U);
}

}  // namespace
}  // namespace qe::host
