// SPDX-License-Identifier: Apache-2.0
#include "quicether/net/icmp.h"

#include <array>

#include <gtest/gtest.h>

#include "packet_builder.h"
#include "quicether/net/packet.h"

namespace qe::net {
namespace {

using base::ErrorCode;
using test::hex;
using test::ip;
using test::ipv6_options;
using test::make_packet;
using test::make_sized_packet;
using test::PacketOptions;

std::array<std::byte, kIcmpErrorBytesMax> g_out;

base::Result<base::ByteView> answer(IcmpError error, base::ByteView offender, std::size_t mtu = 0) {
    const bool v4 = offender.empty() || (offender[0] >> 4) == std::byte{4};
    const auto size =
        write_icmp_error(error, offender, v4 ? ip("10.9.9.9") : ip("fd00::9"), mtu, g_out);
    if (!size) {
        return base::fail(size);
    }
    return base::ByteView(g_out).first(*size);
}

void expect_valid_checksums(base::ByteView packet) {
    const auto facts = parse_packet(packet).value();
    const auto icmp = packet.subspan(facts.header_size);
    if (facts.family() == Family::V4) {
        EXPECT_EQ(internet_checksum(packet.first(20)), 0);
        EXPECT_EQ(internet_checksum(icmp), 0);
    } else {
        EXPECT_EQ(transport_checksum(facts.source, facts.destination, 58, icmp), 0);
    }
}

TEST(IcmpError, Ipv4FragmentationNeededHasTheKnownBytes) {
    const auto offender = hex("4500001c123440004011149b0a0000010a00000203e807d000080000");
    const auto packet = answer(IcmpError::PacketTooBig, offender, 1300).value();
    EXPECT_EQ(base::to_hex(packet),
              "45c0003800004000"
              "4001"
              "1cf3"
              "0a0909090a000001"
              "0304"
              "ec27"
              "00000514" +
                  base::to_hex(offender));
    expect_valid_checksums(packet);
}

TEST(IcmpError, Ipv6PacketTooBigHasTheKnownBytes) {
    const auto offender = make_packet(ipv6_options(), hex("03e807d000080000"));
    const auto packet = answer(IcmpError::PacketTooBig, offender, 1400).value();
    EXPECT_EQ(base::to_hex(packet),
              "6000000000383a40"
              "fd000000000000000000000000000009"
              "fd000000000000000000000000000001"
              "0200"
              "ca13"
              "00000578" +
                  base::to_hex(offender));
    expect_valid_checksums(packet);
}

TEST(IcmpError, EachErrorHasItsTypeAndCode) {
    struct Case {
        IcmpError error;
        const char* v4;
        const char* v6;
    };
    for (const Case& c : {Case{IcmpError::PacketTooBig, "0304", "0200"},
                          Case{IcmpError::HopLimitExceeded, "0b00", "0300"},
                          Case{IcmpError::NoRoute, "0300", "0100"},
                          Case{IcmpError::HostUnreachable, "0301", "0103"},
                          Case{IcmpError::Prohibited, "030d", "0101"}}) {
        const auto v4 = answer(c.error, make_sized_packet(100)).value();
        EXPECT_EQ(base::to_hex(v4.subspan(20, 2)), c.v4);
        expect_valid_checksums(v4);
        const auto v6 = answer(c.error, make_sized_packet(100, ipv6_options())).value();
        EXPECT_EQ(base::to_hex(v6.subspan(40, 2)), c.v6);
        expect_valid_checksums(v6);
    }
}

TEST(IcmpError, QuotesAsMuchAsTheLimitAllows) {
    EXPECT_EQ(answer(IcmpError::NoRoute, make_sized_packet(1500)).value().size(), 576U);
    const auto v6 = answer(IcmpError::NoRoute, make_sized_packet(1500, ipv6_options())).value();
    EXPECT_EQ(v6.size(), 1280U);
    expect_valid_checksums(v6);
    EXPECT_EQ(answer(IcmpError::NoRoute, make_sized_packet(100)).value().size(), 128U);
}

TEST(IcmpError, NeverReportsAnMtuHostsWouldIgnore) {
    const auto mtu_of = [](base::ByteView packet, std::size_t at) {
        return base::ByteReader(packet.subspan(at)).u32();
    };
    const auto v4 = make_sized_packet(100);
    const auto v6 = make_sized_packet(100, ipv6_options());
    EXPECT_EQ(mtu_of(answer(IcmpError::PacketTooBig, v4, 0).value(), 24), 68U);
    EXPECT_EQ(mtu_of(answer(IcmpError::PacketTooBig, v6, 1100).value(), 44), 1280U);
    EXPECT_EQ(mtu_of(answer(IcmpError::PacketTooBig, v4, 1U << 20).value(), 24), 0xffffU);
    EXPECT_EQ(mtu_of(answer(IcmpError::NoRoute, v4, 1300).value(), 24), 0U);
}

TEST(IcmpError, NeverAnswersErrorsButDoesAnswerEchoes) {
    PacketOptions v4;
    v4.protocol = 1;
    for (const auto& [payload, answered] :
         {std::pair("0800000000000000", true), std::pair("0000000000000000", true),
          std::pair("0300000000000000", false), std::pair("0400000000000000", false),
          std::pair("0500000000000000", false), std::pair("0b00000000000000", false),
          std::pair("0c00000000000000", false), std::pair("", false)}) {
        const bool did = answer(IcmpError::NoRoute, make_packet(v4, hex(payload))).has_value();
        EXPECT_EQ(did, answered) << payload;
    }
    PacketOptions v6 = ipv6_options();
    v6.protocol = 58;
    for (const auto& [payload, answered] :
         {std::pair("8000000000000000", true), std::pair("0100000000000000", false),
          std::pair("0200000000000000", false), std::pair("7f00000000000000", false),
          std::pair("8900000000000000", false), std::pair("", false)}) {
        const bool did = answer(IcmpError::NoRoute, make_packet(v6, hex(payload))).has_value();
        EXPECT_EQ(did, answered) << payload;
    }
}

TEST(IcmpError, SeesAnIcmpv6ErrorBehindExtensionHeaders) {
    const auto answered = [](std::uint8_t protocol, std::string_view payload) {
        PacketOptions options = ipv6_options();
        options.protocol = protocol;
        return answer(IcmpError::NoRoute, make_packet(options, hex(payload))).has_value();
    };
    EXPECT_FALSE(answered(0,
                          "3a00000000000000"
                          "0100000000000000"));  // hop-by-hop
    EXPECT_TRUE(answered(0,
                         "3a00000000000000"
                         "8000000000000000"));
    EXPECT_FALSE(answered(60,
                          "3a01000000000000"
                          "0000000000000000"
                          "0100000000000000"));
    EXPECT_FALSE(answered(51,
                          "3a01000000000000"
                          "00000000"
                          "01000000"));  // AH counts in 4 bytes
    EXPECT_FALSE(answered(44,
                          "3a00000000000000"
                          "0100000000000000"));  // first fragment of an error
    EXPECT_TRUE(answered(44,
                         "1100000100000000"
                         "03e807d000080000"));  // first fragment of UDP
    EXPECT_FALSE(answered(44,
                          "1100000800000000"
                          "03e807d000080000"));     // a later fragment
    EXPECT_FALSE(answered(0, "3aff000000000000"));  // cut
    EXPECT_FALSE(answered(0, "3a"));                // cut
    std::string chain;
    for (int i = 0; i < 30; ++i) {
        chain += "3c00000000000000";
    }
    EXPECT_FALSE(answered(60, chain));  // more extension headers than anyone needs
}

TEST(IcmpError, NeverAnswersPacketsThatHaveNoSingleSenderOrReceiver) {
    const auto answered = [](std::string_view source, std::string_view destination) {
        PacketOptions options;
        options.source = source;
        options.destination = destination;
        return answer(IcmpError::NoRoute, make_packet(options, hex("03e807d000080000")))
            .has_value();
    };
    EXPECT_TRUE(answered("10.0.0.1", "10.0.0.2"));
    EXPECT_FALSE(answered("10.0.0.1", "224.0.0.1"));
    EXPECT_FALSE(answered("10.0.0.1", "255.255.255.255"));
    EXPECT_FALSE(answered("0.0.0.0", "10.0.0.2"));
    EXPECT_FALSE(answered("239.0.0.1", "10.0.0.2"));
    EXPECT_FALSE(answered("255.255.255.255", "10.0.0.2"));
    EXPECT_FALSE(answered("fd00::1", "ff02::1"));
    EXPECT_FALSE(answered("::", "fd00::1"));
    EXPECT_FALSE(answered("ff02::1", "fd00::1"));
}

TEST(IcmpError, NeverAnswersALaterFragment) {
    PacketOptions options;
    options.fragment_word = 0x2000;
    EXPECT_TRUE(answer(IcmpError::NoRoute, make_packet(options, hex("0102"))));
    options.fragment_word = 0x2001;
    EXPECT_FALSE(answer(IcmpError::NoRoute, make_packet(options, hex("0102"))));
}

TEST(IcmpError, RefusesGarbageAndTheWrongFamily) {
    EXPECT_EQ(answer(IcmpError::NoRoute, {}).error().code, ErrorCode::kMalformed);
    EXPECT_EQ(answer(IcmpError::NoRoute, hex("450000")).error().code, ErrorCode::kMalformed);
    const auto size =
        write_icmp_error(IcmpError::NoRoute, make_sized_packet(100), ip("fd00::9"), 0, g_out);
    EXPECT_EQ(size.error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace qe::net
