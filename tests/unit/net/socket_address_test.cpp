// SPDX-License-Identifier: Apache-2.0
#include <unordered_set>

#include <gtest/gtest.h>

#include "quicether/net/ip_address.h"

namespace qe::net {
namespace {

TEST(SocketAddress, TextGoesBothWays) {
    for (const std::string_view text :
         {"1.2.3.4:9000", "[fd00::1]:9000", "[fe80::1%3]:9000", "0.0.0.0:0", "[::]:65535"}) {
        const auto parsed = parse_socket_address(text, 0);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(parsed->to_string(), text);
    }
}

TEST(SocketAddress, AMissingPortTakesTheDefault) {
    EXPECT_EQ(parse_socket_address("1.2.3.4", 9000)->to_string(), "1.2.3.4:9000");
    EXPECT_EQ(parse_socket_address("[fd00::1]", 9000)->to_string(), "[fd00::1]:9000");
    EXPECT_EQ(parse_socket_address("1.2.3.4:1", 9000)->port, 1);
    EXPECT_FALSE(parse_socket_address("1.2.3.4", 0));
    EXPECT_FALSE(parse_socket_address("[fd00::1]", 0));
}

TEST(SocketAddress, RefusesBadText) {
    for (const std::string_view text : {"",
                                        ":",
                                        ":9000",
                                        "1.2.3.4:",
                                        "1.2.3.4:x",
                                        "1.2.3.4:65536",
                                        "1.2.3.4:-1",
                                        "1.2.3.4:09",
                                        "1.2.3.4:+9",
                                        "1.2.3.4: 9",
                                        "fd00::1",
                                        "fd00::1:9000",
                                        "[fd00::1",
                                        "[fd00::1]9000",
                                        "[fd00::1]:",
                                        "[]:9000",
                                        "[1.2.3.4]:9000",
                                        "[fd00::1%3]:9000",
                                        "[fe80::1%]:9000",
                                        "[fe80::1%0]:9000",
                                        "[fe80::1%eth0]:9000",
                                        "[fe80::1%4294967296]:9000",
                                        "1.2.3.4%3:9000",
                                        "[[fd00::1]]:9000",
                                        "host:9000",
                                        "[::ffff:1.2.3.4]:9000"}) {
        const auto parsed = parse_socket_address(text, 9000);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().code, base::ErrorCode::kBadAddress);
    }
}

TEST(SocketAddress, HashAndEqualityLookAtEveryField) {
    std::unordered_set<SocketAddress> set;
    for (const std::string_view text :
         {"1.2.3.4:1", "1.2.3.4:2", "1.2.3.5:1", "[fe80::1]:1", "[fe80::1%1]:1", "[fe80::1%2]:1"}) {
        set.insert(parse_socket_address(text, 0).value());
    }
    EXPECT_EQ(set.size(), 6U);
    EXPECT_TRUE(set.contains(parse_socket_address("[fe80::1%2]:1", 0).value()));
}

}  // namespace
}  // namespace qe::net
