// SPDX-License-Identifier: Apache-2.0
#include "quicether/net/ip_address.h"

#include <array>
#include <string>
#include <unordered_set>
#include <utility>

#include <gtest/gtest.h>

namespace qe::net {
namespace {

IpAddress ip(std::string_view text) {
    const auto parsed = parse_ip_address(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(IpAddress());
}

TEST(IpAddress, WritesRfc5952Text) {
    const std::array<std::pair<const char*, const char*>, 14> cases{{
        {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1"},
        {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one group is not shortened
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longest run
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of equals
        {"2001:DB8::AAAA", "2001:db8::aaaa"},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"0:0:0:0:0:0:1:2", "::1:2"},
        {"fe80:0:0:0:0:0:0:1", "fe80::1"},
        {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
    }};
    for (const auto& [given, wanted] : cases) {
        EXPECT_EQ(ip(given).to_string(), wanted);
        EXPECT_EQ(ip(wanted), ip(given));
    }
}

TEST(IpAddress, RefusesWhatIsNotExactlyAnAddress) {
    using std::string_view_literals::operator""sv;
    for (const std::string_view text :
         {""sv,
          " 1.2.3.4"sv,
          "1.2.3.4 "sv,
          "1.2.3"sv,
          "1.2.3.4.5"sv,
          "01.2.3.4"sv,
          "256.1.1.1"sv,
          "1.2.3.4/8"sv,
          "0x7f.1.1.1"sv,
          "::1%1"sv,
          "[::1]"sv,
          "1::2::3"sv,
          ":::"sv,
          "1:2:3"sv,
          "12345::"sv,
          "::g"sv,
          "1.2.3.4\0"sv,
          "\0"sv,
          "2130706433"sv,
          "1111:2222:3333:4444:5555:6666:7777:8888:9999"sv,
          "000000000000000000000000000000000000000000000000000001::1"sv}) {
        const auto parsed = parse_ip_address(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, base::ErrorCode::kBadAddress);
    }
}

TEST(IpAddress, RefusesIpv4MappedTextButCanUnmapBytes) {
    EXPECT_FALSE(parse_ip_address("::ffff:1.2.3.4"));
    EXPECT_FALSE(parse_ip_address("::ffff:102:304"));

    std::array<std::byte, 16> mapped{};
    mapped[10] = mapped[11] = std::byte{0xff};
    mapped[12] = std::byte{1};
    mapped[15] = std::byte{4};
    const IpAddress address = IpAddress::from_bytes(mapped);
    EXPECT_TRUE(address.is_v6());
    EXPECT_EQ(address.to_string(), "::ffff:1.0.0.4");
    EXPECT_EQ(address.unmapped(), IpAddress::v4(0x01000004));
    EXPECT_EQ(ip("::1").unmapped(), ip("::1"));
    EXPECT_EQ(ip("1.2.3.4").unmapped(), ip("1.2.3.4"));
}

TEST(IpAddress, GivesBytesInNetworkOrder) {
    const IpAddress address = IpAddress::v4(0x0a010203);
    EXPECT_EQ(address.to_string(), "10.1.2.3");
    EXPECT_EQ(base::to_hex(address.bytes()), "0a010203");
    EXPECT_EQ(IpAddress::from_bytes(address.bytes()), address);
    EXPECT_EQ(ip("fd00::1").bytes().size(), 16U);
    EXPECT_EQ(IpAddress::from_bytes(ip("fd00::1").bytes()), ip("fd00::1"));
    EXPECT_FALSE(address.bit(3));
    EXPECT_TRUE(address.bit(4));
}

TEST(IpAddress, KnowsItsClass) {
    EXPECT_TRUE(ip("0.0.0.0").is_any());
    EXPECT_TRUE(ip("::").is_any());
    EXPECT_FALSE(ip("::1").is_any());
    EXPECT_TRUE(ip("127.9.9.9").is_loopback());
    EXPECT_TRUE(ip("::1").is_loopback());
    EXPECT_FALSE(ip("1::1").is_loopback());
    EXPECT_TRUE(ip("169.254.1.1").is_link_local());
    EXPECT_TRUE(ip("febf::1").is_link_local());
    EXPECT_FALSE(ip("fec0::1").is_link_local());
    EXPECT_TRUE(ip("239.1.1.1").is_multicast());
    EXPECT_FALSE(ip("240.1.1.1").is_multicast());
    EXPECT_TRUE(ip("ff02::1").is_multicast());
}

TEST(IpAddress, AnyAddressesOfTheTwoFamiliesDiffer) {
    EXPECT_NE(IpAddress::any(Family::V4), IpAddress::any(Family::V6));
    EXPECT_LT(ip("255.255.255.255"), ip("::"));
    const std::unordered_set<IpAddress> set{ip("0.0.0.0"), ip("::"), ip("::1"), ip("::")};
    EXPECT_EQ(set.size(), 3U);
}

}  // namespace
}  // namespace qe::net
