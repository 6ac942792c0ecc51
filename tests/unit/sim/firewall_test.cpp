// SPDX-License-Identifier: Apache-2.0
#include "sim/firewall.h"

#include <string>

#include <gtest/gtest.h>

#include "underlay.h"

namespace qe::sim {
namespace {

using base::seconds;

struct Wall {
    explicit Wall(const FirewallOptions& options) : firewall(scheduler, options) {
        firewall.join(inside, outside);
    }
    bool out(const net::SocketAddress& from, const net::SocketAddress& to) {
        firewall.inside().receive(packet_between(from, to));
        return take(outside);
    }
    bool in(const net::SocketAddress& from, const net::SocketAddress& to) {
        firewall.outside().receive(packet_between(from, to));
        return take(inside);
    }
    static bool take(Arrivals& arrivals) {
        const bool passed = arrivals.all.size() == 1;
        arrivals.all.clear();
        return passed;
    }
    void wait(base::Duration time) { scheduler.run_until(scheduler.now() + time); }

    Scheduler scheduler;
    Arrivals inside{scheduler};
    Arrivals outside{scheduler};
    Firewall firewall;
};

FirewallOptions with(UdpPolicy policy) {
    FirewallOptions options;
    options.udp = policy;
    return options;
}

struct Ends {
    net::SocketAddress host;
    net::SocketAddress remote;
    net::SocketAddress remote_port;
    net::SocketAddress stranger;
    net::SocketAddress host_port;
};

class FirewallOfFamily : public ::testing::TestWithParam<net::Family> {
  protected:
    static Ends ends() {
        if (GetParam() == net::Family::V4) {
            return {endpoint("203.0.113.2:5000"), endpoint("192.0.2.1:1"), endpoint("192.0.2.1:2"),
                    endpoint("192.0.2.7:1"), endpoint("203.0.113.2:5001")};
        }
        return {endpoint("[2001:db8::2]:5000"), endpoint("[2001:db8:1::1]:1"),
                endpoint("[2001:db8:1::1]:2"), endpoint("[2001:db8:1::7]:1"),
                endpoint("[2001:db8::2]:5001")};
    }
};

TEST_P(FirewallOfFamily, LetsEverythingPassWhenAllowed) {
    Wall wall(with(UdpPolicy::Allow));
    EXPECT_TRUE(wall.in(ends().stranger, ends().host));
    EXPECT_TRUE(wall.out(ends().host, ends().remote));
    EXPECT_EQ(wall.firewall.counters().inbound, 1U);
    EXPECT_EQ(wall.firewall.counters().outbound, 1U);
    EXPECT_EQ(wall.firewall.flows(), 0U);
}

TEST_P(FirewallOfFamily, LetsNothingPassWhenBlocked) {
    Wall wall(with(UdpPolicy::Block));
    EXPECT_FALSE(wall.out(ends().host, ends().remote));
    EXPECT_FALSE(wall.in(ends().remote, ends().host));
    EXPECT_EQ(wall.firewall.counters().lost_inbound, 1U);
    EXPECT_EQ(wall.firewall.counters().lost_outbound, 1U);
}

TEST_P(FirewallOfFamily, LetsRepliesInAndNothingElse) {
    Wall wall(with(UdpPolicy::RepliesOnly));
    EXPECT_FALSE(wall.in(ends().remote, ends().host)) << "nobody asked";
    EXPECT_TRUE(wall.out(ends().host, ends().remote));
    EXPECT_TRUE(wall.in(ends().remote, ends().host));
    EXPECT_TRUE(wall.in(ends().remote, ends().host)) << "any number of them";
    EXPECT_FALSE(wall.in(ends().remote_port, ends().host));
    EXPECT_FALSE(wall.in(ends().stranger, ends().host));
    EXPECT_FALSE(wall.in(ends().remote, ends().host_port));
    EXPECT_EQ(wall.firewall.counters().lost_inbound, 4U);
}

INSTANTIATE_TEST_SUITE_P(Both, FirewallOfFamily,
                         ::testing::Values(net::Family::V4, net::Family::V6),
                         [](const auto& family) {
                             return family.param == net::Family::V4 ? "V4" : "V6";
                         });

TEST(Firewall, ExpectsRepliesForTheirLifetimeAfterTheLastPacketOut) {
    FirewallOptions options;
    options.reply_lifetime = seconds(10);
    Wall wall(options);
    const auto host = endpoint("203.0.113.2:5000");
    const auto remote = endpoint("192.0.2.1:1");
    EXPECT_TRUE(wall.out(host, remote));
    wall.wait(seconds(9));
    EXPECT_TRUE(wall.in(remote, host));
    EXPECT_TRUE(wall.out(host, remote));
    wall.wait(seconds(9));
    EXPECT_TRUE(wall.in(remote, host)) << "refreshed from inside";
    wall.wait(seconds(1));
    EXPECT_FALSE(wall.in(remote, host)) << "but not from outside";
    EXPECT_TRUE(wall.out(host, remote));
    EXPECT_TRUE(wall.in(remote, host));
}

TEST(Firewall, IsBoundedAndTakesNewFlowsWhenOldOnesExpire) {
    FirewallOptions options;
    options.flows_max = 2;
    options.reply_lifetime = seconds(10);
    Wall wall(options);
    const auto remote = endpoint("192.0.2.1:1");
    EXPECT_TRUE(wall.out(endpoint("203.0.113.2:1"), remote));
    EXPECT_TRUE(wall.out(endpoint("203.0.113.2:2"), remote));
    EXPECT_FALSE(wall.out(endpoint("203.0.113.2:3"), remote));
    EXPECT_TRUE(wall.out(endpoint("203.0.113.2:1"), remote)) << "known ones go on";
    EXPECT_EQ(wall.firewall.counters().lost_outbound, 1U);
    wall.wait(seconds(10));
    EXPECT_TRUE(wall.out(endpoint("203.0.113.2:3"), remote));
    EXPECT_EQ(wall.firewall.flows(), 1U);
}

}  // namespace
}  // namespace qe::sim
