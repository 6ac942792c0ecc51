// SPDX-License-Identifier: Apache-2.0
//
// A world of a few hosts in public networks, for tests of hosts and worlds.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "quicether/net/ip_address.h"
#include "sim/determinism.h"
#include "sim/world.h"

namespace qe::sim::test {

inline net::Prefix prefix(std::string_view text) { return net::parse_prefix(text).value(); }
inline net::IpAddress ip(std::string_view text) { return net::parse_ip_address(text).value(); }

/// A link with this delay each way, and nothing else to it.
inline LinkOptions link_of(base::Duration delay) {
    LinkOptions link;
    link.up.delay = delay;
    link.down.delay = delay;
    return link;
}

inline NetworkOptions network_of(std::string name, std::string_view v4) {
    NetworkOptions options;
    options.name = std::move(name);
    options.parent = "world";
    options.v4 = prefix(v4);
    options.uplink = link_of(base::milliseconds(5));
    return options;
}

inline HostOptions host_in(std::string name, std::string network) {
    HostOptions options;
    options.name = std::move(name);
    InterfaceOptions interface;
    interface.network = std::move(network);
    interface.link = link_of(base::milliseconds(1));
    options.interfaces.push_back(interface);
    return options;
}

/// Region "world" with the public networks "north" (dual stack) and "south".
class SmallWorld : public World {
  public:
    explicit SmallWorld(std::uint64_t seed = 1) : World((make_process_deterministic(), seed)) {
        EXPECT_TRUE(topology().add_region("world").has_value());
        NetworkOptions north = network_of("north", "198.51.100.0/24");
        north.v6 = prefix("2001:db8:1::/64");
        EXPECT_TRUE(topology().add_network(north).has_value());
        EXPECT_TRUE(topology().add_network(network_of("south", "203.0.113.0/24")).has_value());
    }

    HostId add(std::string name, std::string network = "north") {
        const auto id = add_host(host_in(std::move(name), std::move(network)));
        EXPECT_TRUE(id.has_value());
        return id.value_or(0);
    }
    void start_all() {
        for (HostId id = 0; id < host_count(); ++id) {
            host(id).start();
        }
    }
    [[nodiscard]] bool connected(HostId a, HostId b) {
        const auto peers = host(a).connected();
        return std::find(peers.begin(), peers.end(), b) != peers.end();
    }
    [[nodiscard]] bool wait_connected(HostId a, HostId b,
                                      base::Duration limit = base::seconds(60)) {
        return run_until([&] { return connected(a, b) && connected(b, a); }, limit);
    }
};

/// Alice and Bob in two networks, who know each other; started and connected.
class ConnectedPair : public ::testing::Test {
  protected:
    void SetUp() override {
        world.know_each_other();
        world.start_all();
        ASSERT_TRUE(world.wait_connected(alice, bob));
    }

    SmallWorld world;
    HostId alice = world.add("alice");
    HostId bob = world.add("bob", "south");
};

}  // namespace qe::sim::test
