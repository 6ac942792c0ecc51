// SPDX-License-Identifier: Apache-2.0
#include "dht/compact.h"

#include <gtest/gtest.h>

#include <vector>

#include "dht/subnet.h"

namespace qe::dht {
namespace {

net::SocketAddress at(const char* text) { return net::parse_socket_address(text, 0).value(); }

TEST(Compact, EndpointsReadBackAsTheyWere) {
    for (const auto& endpoint : {at("1.2.3.4:6881"), at("[2001:db8::5]:9000")}) {
        const CompactEndpoint compact = encode_compact(endpoint);
        EXPECT_EQ(compact.size, compact_endpoint_size(endpoint.ip.family()));
        EXPECT_EQ(parse_compact_endpoint(compact.view()), endpoint);
        EXPECT_FALSE(parse_compact_endpoint(compact.view().first(5)).has_value());
    }
}

TEST(Compact, RefusesIpv4WrittenAsIpv6) {
    std::array<std::byte, 18> mapped{};
    mapped[10] = mapped[11] = std::byte{0xff};
    mapped[12] = std::byte{1};
    mapped[17] = std::byte{1};
    EXPECT_FALSE(parse_compact_endpoint(mapped).has_value());
}

TEST(Compact, LeavesOutContactsThatNoPacketReaches) {
    std::array<std::byte, 26 * 4> buffer{};
    base::ByteWriter out(buffer);
    const Contact good{NodeId{}, at("1.2.3.4:1")};
    encode_compact(out, {NodeId{}, {net::IpAddress::v4(0x01020304), 0, 0}});
    encode_compact(out, {NodeId{}, at("0.0.0.0:5")});
    encode_compact(out, good);
    encode_compact(out, {NodeId{}, at("224.0.0.1:5")});
    std::vector<Contact> seen;
    for_each_compact_contact(out.written(), net::Family::V4,
                             [&](const Contact& contact) { seen.push_back(contact); });
    EXPECT_EQ(seen, std::vector{good});
}

TEST(Subnet, DividesAddresses) {
    const auto ip = [](const char* text) { return net::parse_ip_address(text).value(); };
    EXPECT_EQ(subnet_of(ip("1.2.3.4")), subnet_of(ip("1.2.3.200")));
    EXPECT_NE(subnet_of(ip("1.2.3.4")), subnet_of(ip("1.2.4.4")));
    EXPECT_EQ(network_of(ip("1.2.3.4")), network_of(ip("1.2.99.4")));
    EXPECT_EQ(subnet_of(ip("2001:db8:0:1::1")), subnet_of(ip("2001:db8:0:1:ffff::1")));
    EXPECT_NE(subnet_of(ip("2001:db8:0:1::1")), subnet_of(ip("2001:db8:0:2::1")));
    EXPECT_EQ(network_of(ip("2001:db8:0:1::1")), network_of(ip("2001:db8:0:2::1")));
}

TEST(Subnet, KnowsLocalAddresses) {
    for (const char* text :
         {"10.9.8.7", "172.16.0.1", "172.31.255.255", "192.168.3.4", "100.64.0.1", "100.127.9.9",
          "127.0.0.1", "169.254.1.1", "fd00::1", "fc12::1", "fe80::1", "::1"}) {
        EXPECT_TRUE(is_local(net::parse_ip_address(text).value())) << text;
    }
    for (const char* text : {"11.0.0.1", "172.32.0.1", "192.169.0.1", "100.128.0.1", "100.63.0.1",
                             "8.8.8.8", "2001:db8::1", "fe00::1"}) {
        EXPECT_FALSE(is_local(net::parse_ip_address(text).value())) << text;
    }
}

}  // namespace
}  // namespace qe::dht
