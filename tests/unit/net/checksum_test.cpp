// SPDX-License-Identifier: Apache-2.0
#include "quicether/net/checksum.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"
#include "transport_builder.h"

namespace qe::net {
namespace {

base::Bytes bytes_of(std::string_view hex) {
    base::Bytes bytes(hex.size() / 2);
    EXPECT_TRUE(base::from_hex(hex, bytes)) << hex;
    return bytes;
}

/// RFC 1071, section 4.1, word by word.
std::uint16_t reference_sum(base::ByteView bytes) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        sum += std::to_integer<std::uint64_t>(bytes[i]) << (i % 2 == 0 ? 8 : 0);
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(sum);
}

TEST(Checksum, MatchesTheExampleOfRfc1071) {
    EXPECT_EQ(checksum_fold(checksum_sum(bytes_of("0001f203f4f5f6f7"))), 0xddf2);
    EXPECT_EQ(internet_checksum(bytes_of("0001f203f4f5f6f7")), 0x220d);
}

TEST(Checksum, MatchesAKnownIpv4Header) {
    const auto header = bytes_of("45000073000040004011b861c0a80001c0a800c7");
    EXPECT_EQ(internet_checksum(header), 0);
    EXPECT_EQ(internet_checksum(bytes_of("450000730000400040110000c0a80001c0a800c7")), 0xb861);
}

TEST(Checksum, OfNothingIsAllOnes) {
    EXPECT_EQ(checksum_sum({}), 0U);
    EXPECT_EQ(internet_checksum({}), 0xffff);
    EXPECT_EQ(internet_checksum(bytes_of("ab")), static_cast<std::uint16_t>(~0xab00));
}

TEST(Checksum, AgreesWithTheSlowSumAtEverySizeAndAlignment) {
    base::Rng rng({});
    base::Bytes bytes(2048);
    rng.fill(bytes);
    for (std::size_t size = 0; size < 300; ++size) {
        for (std::size_t at = 0; at < 9; ++at) {
            const auto view = base::ByteView(bytes).subspan(at, size);
            EXPECT_EQ(checksum_fold(checksum_sum(view)), reference_sum(view)) << size << '+' << at;
        }
    }
    std::fill(bytes.begin(), bytes.end(), std::byte{0xff});
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto view = base::ByteView(bytes).first(size);
        EXPECT_EQ(checksum_fold(checksum_sum(view)), reference_sum(view)) << size;
    }
}

TEST(Checksum, UpdatesAsInTheExampleOfRfc1624) {
    // Section 4: checksum 0xdd2f, field 0x5555 becomes 0x3285; RFC 1141 would give 0xffff.
    EXPECT_EQ(checksum_update(0xdd2f, 0x5555, 0x3285), 0x0000);
    EXPECT_EQ(checksum_update(0x1234, 0x5555, 0x5555), 0x1234);
}

TEST(Checksum, UpdatesLikeANewSumDoes) {
    base::Rng rng({});
    base::Bytes bytes(40);
    for (int round = 0; round < 10'000; ++round) {
        rng.fill(bytes);
        const std::uint16_t before = internet_checksum(bytes);
        const std::size_t at = rng.below(10) * 4;
        const auto old = base::ByteReader(base::ByteView(bytes).subspan(at)).u32();
        const auto fresh = static_cast<std::uint32_t>(rng.u64());
        base::ByteWriter(base::MutableBytes(bytes).subspan(at)).u32(fresh);
        EXPECT_EQ(checksum_update32(before, old, fresh), internet_checksum(bytes));
    }
}

TEST(Checksum, CoversThePseudoHeaders) {
    const auto a4 = parse_ip_address("192.0.2.1").value();
    const auto b4 = parse_ip_address("198.51.100.2").value();
    // UDP 1000 -> 2000, "hi!": computed with Python's struct over the RFC 768 pseudo-header.
    EXPECT_EQ(transport_checksum(a4, b4, 17, bytes_of("03e807d0000b0000686921")), 0x7e7f);
    const auto a6 = parse_ip_address("2001:db8::1").value();
    const auto b6 = parse_ip_address("2001:db8::2").value();
    EXPECT_EQ(transport_checksum(a6, b6, 58, bytes_of("80000000000100017069")), 0xb3da);
}

TEST(Checksum, UdpNeverSendsZero) {
    const auto a = parse_ip_address("0.0.0.0").value();
    base::Bytes segment(8);
    const auto partial = transport_checksum(a, a, 17, segment);
    base::ByteWriter(segment).u16(partial);  // sum becomes all ones, its complement zero
    EXPECT_EQ(transport_checksum(a, a, 17, segment), 0xffff);
    EXPECT_EQ(transport_checksum(a, a, 6, segment), 11U);  // 17 - 6
}

TEST(Checksum, BeginsWithThePseudoHeader) {
    // 192.0.2.1 -> 198.51.100.2, protocol 17, 11 bytes, summed by hand.
    auto udp4 = test::make_udp({.source = "192.0.2.1", .destination = "198.51.100.2"}, 1000,
                               bytes_of("686921"));
    begin_checksum(udp4, 20, 17);
    EXPECT_EQ(test::u16_at(udp4, 26), 0xc000 + 0x0201 + 0xc633 + 0x6402 + 17 + 11 - 0xffff);
    // fd00::1 -> fd00::2, protocol 6, 32 + 5 bytes.
    auto tcp6 = test::make_tcp(test::ipv6_options(), {}, test::stream_bytes(0, 5));
    begin_checksum(tcp6, 40, 6);
    EXPECT_EQ(test::u16_at(tcp6, 56), 0xfd00 + 0xfd00 + 1 + 2 + 6 + 37 - 0xffff);
}

TEST(Checksum, CompletesWhateverTheFieldHeld) {
    base::Rng rng({});
    for (std::size_t size = 1; size < 200; ++size) {
        const auto payload = test::stream_bytes(size, size);
        for (const auto& options : {test::PacketOptions{}, test::ipv6_options()}) {
            const std::size_t offset = test::ip(options.source).is_v4() ? 20 : 40;
            for (const std::uint8_t protocol : {test::kTcpNumber, test::kUdpNumber}) {
                const auto right = protocol == test::kTcpNumber
                                       ? test::make_tcp(options, {}, payload)
                                       : test::make_udp(options, 1000, payload);
                auto packet = right;
                rng.fill(base::MutableBytes(packet).subspan(offset + checksum_field(protocol), 2));
                complete_checksum(packet, offset, protocol);
                EXPECT_EQ(packet, right);
                begin_checksum(packet, offset, protocol);
                complete_checksum(packet, offset, protocol);
                EXPECT_EQ(packet, right);
            }
        }
    }
}

TEST(Checksum, CompletesUdpNeverToZero) {
    auto packet = test::make_udp({}, 1000, bytes_of("0000"));
    const std::uint16_t without = test::u16_at(packet, 26);
    base::ByteWriter(base::MutableBytes(packet).subspan(28)).u16(without);
    complete_checksum(packet, 20, 17);
    EXPECT_EQ(test::u16_at(packet, 26), 0xffff);
}

}  // namespace
}  // namespace qe::net
