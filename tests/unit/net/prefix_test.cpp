// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "quicether/net/ip_address.h"

namespace qe::net {
namespace {

Prefix prefix(std::string_view text) {
    const auto parsed = parse_prefix(text);
    EXPECT_TRUE(parsed) << text;
    return parsed.value_or(Prefix());
}

IpAddress ip(std::string_view text) { return parse_ip_address(text).value(); }

TEST(Prefix, KeepsHostBitsUntilAskedForTheNetwork) {
    EXPECT_EQ(prefix("100.64.0.1/16").to_string(), "100.64.0.1/16");
    EXPECT_EQ(prefix("100.64.0.1/16").network().to_string(), "100.64.0.0/16");
    EXPECT_EQ(prefix("10.255.255.255/9").network().to_string(), "10.128.0.0/9");
    EXPECT_EQ(prefix("fd00:1:2:3::ffff/33").network().to_string(), "fd00:1::/33");
    EXPECT_EQ(prefix("1.2.3.4/0").network().to_string(), "0.0.0.0/0");
    EXPECT_NE(prefix("10.1.0.0/8"), prefix("10.0.0.0/8"));
}

TEST(Prefix, ABareAddressIsItsHostPrefix) {
    EXPECT_EQ(prefix("10.0.0.1").length(), 32U);
    EXPECT_EQ(prefix("fd00::1").length(), 128U);
    EXPECT_TRUE(prefix("fd00::1").is_host());
    EXPECT_EQ(prefix("10.0.0.1"), Prefix::host(ip("10.0.0.1")));
}

TEST(Prefix, RefusesBadText) {
    for (const std::string_view text :
         {"", "/", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1", "10.0.0.0/+8",
          "10.0.0.0/08", "10.0.0.0/8 ", "10.0.0/8", "10.0.0.0/8/8", "10.0.0.0/99999999999", "/8"}) {
        const auto parsed = parse_prefix(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, base::ErrorCode::kBadPrefix);
    }
}

TEST(Prefix, ContainsAddressesOfItsFamilyAlone) {
    EXPECT_TRUE(prefix("10.0.0.0/8").contains(ip("10.255.0.1")));
    EXPECT_FALSE(prefix("10.0.0.0/8").contains(ip("11.0.0.0")));
    EXPECT_TRUE(prefix("10.1.2.3/8").contains(ip("10.0.0.1")));  // host bits do not matter
    EXPECT_TRUE(prefix("0.0.0.0/0").contains(ip("8.8.8.8")));
    EXPECT_FALSE(prefix("0.0.0.0/0").contains(ip("::")));
    EXPECT_TRUE(prefix("fd00::/7").contains(ip("fc00::1")));
    EXPECT_TRUE(prefix("10.0.0.1").contains(ip("10.0.0.1")));
    EXPECT_FALSE(prefix("10.0.0.1").contains(ip("10.0.0.0")));
}

TEST(Prefix, OverlapsWhenOneContainsTheOther) {
    EXPECT_TRUE(prefix("10.0.0.0/8").contains(prefix("10.1.0.0/16")));
    EXPECT_FALSE(prefix("10.1.0.0/16").contains(prefix("10.0.0.0/8")));
    EXPECT_TRUE(prefix("10.1.0.0/16").overlaps(prefix("10.0.0.0/8")));
    EXPECT_TRUE(prefix("10.0.0.0/8").overlaps(prefix("10.1.0.0/16")));
    EXPECT_FALSE(prefix("10.0.0.0/9").overlaps(prefix("10.128.0.0/9")));
    EXPECT_FALSE(prefix("0.0.0.0/0").overlaps(prefix("::/0")));
}

}  // namespace
}  // namespace qe::net
