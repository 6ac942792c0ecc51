// SPDX-License-Identifier: Apache-2.0
#include "quicether/node/network_view.h"

#include <gtest/gtest.h>

namespace qe::node {
namespace {

net::SocketAddress socket_address(std::string_view text) {
    return *net::parse_socket_address(text, 9000);
}

Interface interface(std::uint32_t index, std::initializer_list<std::string_view> addresses,
                    bool up = true) {
    Interface i;
    i.index = index;
    i.name = "eth" + std::to_string(index);
    i.up = up;
    i.mtu = 1500;
    for (const std::string_view address : addresses) {
        i.addresses.push_back(*net::parse_prefix(address));
    }
    return i;
}

UnderlayRoute route(std::string_view destination, std::uint32_t index, std::uint32_t metric = 0) {
    UnderlayRoute r;
    r.destination = *net::parse_prefix(destination);
    r.interface_index = index;
    r.metric = metric;
    return r;
}

std::string source(const NetworkView& view, std::string_view remote) {
    const auto chosen = choose_source(view, socket_address(remote));
    return chosen ? chosen->to_string() : "none";
}

class ChooseSource : public ::testing::Test {
  protected:
    NetworkView view_{
        {interface(1, {"192.168.1.5/24", "fe80::1/64", "2001:db8:1::5/64"}),
         interface(2, {"10.0.0.5/8"})},
        {route("192.168.1.0/24", 1), route("10.0.0.0/8", 2), route("0.0.0.0/0", 1, 100),
         route("0.0.0.0/0", 2, 200), route("::/0", 1), route("fe80::/64", 1)}};
};

TEST_F(ChooseSource, FollowsTheLongestPrefixThenTheMetric) {
    EXPECT_EQ(source(view_, "192.168.1.9"), "192.168.1.5");
    EXPECT_EQ(source(view_, "10.9.9.9"), "10.0.0.5");
    EXPECT_EQ(source(view_, "203.0.113.1"), "192.168.1.5");
}

TEST_F(ChooseSource, LeavesOutInterfacesThatAreDown) {
    view_.interfaces[0].up = false;
    EXPECT_EQ(source(view_, "203.0.113.1"), "10.0.0.5");
    EXPECT_EQ(source(view_, "[2001:db8::1]"), "none");
}

TEST_F(ChooseSource, KeepsFamiliesAndScopesApart) {
    EXPECT_EQ(source(view_, "[2001:db8:ffff::1]"), "2001:db8:1::5");
    EXPECT_EQ(source(view_, "[fe80::9%1]"), "fe80::1");
}

TEST_F(ChooseSource, ObeysThePreferredSourceWhileItExists) {
    view_.interfaces[0].addresses.push_back(*net::parse_prefix("192.168.1.77/24"));
    view_.routes[2].source = *net::parse_ip_address("192.168.1.77");
    EXPECT_EQ(source(view_, "203.0.113.1"), "192.168.1.77");
    view_.routes[2].source = *net::parse_ip_address("192.168.1.78");
    EXPECT_EQ(source(view_, "203.0.113.1"), "192.168.1.5");
}

TEST_F(ChooseSource, FindsNothingWithoutARoute) {
    view_.routes.clear();
    EXPECT_EQ(source(view_, "203.0.113.1"), "none");
}

TEST_F(ChooseSource, TalksToItselfFromTheAddressItself) {
    EXPECT_EQ(source(view_, "10.0.0.5"), "10.0.0.5");
}

}  // namespace
}  // namespace qe::node
