// SPDX-License-Identifier: Apache-2.0
#include "quicether/config/overrides.h"

#include <gtest/gtest.h>

namespace qe::config {
namespace {

const std::string kIdA(40, 'a');
const std::string kIdB(40, 'b');

Config with_home() {
    return *parse(
        "[[peer]]\nname = \"home-server\"\nid = \"" + kIdA + "\"\nsubnets = [\"192.168.1.0/24\"]\n",
        "t");
}

std::string refusal(const Overrides& overrides) {
    const auto config = apply(with_home(), overrides);
    return config ? "accepted" : to_string(config.error());
}

TEST(Overrides, ChangeNothingWhenAbsent) { EXPECT_EQ(apply(with_home(), {}), with_home()); }

TEST(Overrides, ReplaceWhatTheFileSays) {
    Overrides o;
    o.name = "laptop";
    o.role = "gateway";
    o.tun_name = "qe1";
    o.tun_addr = "100.64.0.9/16";
    o.tun_addr6 = "fd00::9/64";
    o.mtu = 1300;
    o.advertise_subnets = {"10.0.0.0/8"};
    o.public_ip = "203.0.113.5";
    o.bootstrap_mode = true;
    o.port = 9001;
    o.bootstrap_nodes = {"a.example:1"};
    o.interfaces = {"eth0", "eth1"};
    o.multipath = "failover";
    o.scheduler = "redundant";
    o.accept_multipath = true;
    o.metrics_addr = "127.0.0.1:1";
    o.health_addr = "127.0.0.1:2";
    o.log_level = "debug";
    o.log_format = "json";
    o.io_backend = "io_uring";
    o.congestion_control = "cubic";
    const auto c = apply(with_home(), o);
    ASSERT_TRUE(c) << to_string(c.error());
    EXPECT_EQ(c->node.name, "laptop");
    EXPECT_EQ(c->node.role, NodeRole::Gateway);
    EXPECT_EQ(c->network.tun_name, "qe1");
    EXPECT_EQ(c->network.tun_addr->to_string(), "100.64.0.9/16");
    EXPECT_EQ(c->network.mtu, 1300);
    EXPECT_EQ(c->network.advertise_subnets.size(), 1U);
    EXPECT_EQ(c->discovery.dht_port, 9001);
    EXPECT_TRUE(c->multipath.enabled);
    EXPECT_EQ(c->multipath.mode, "failover");
    EXPECT_EQ(c->multipath.interfaces.size(), 2U);
    EXPECT_TRUE(c->multipath.accept);
    EXPECT_EQ(c->monitoring.log_level, base::LogLevel::Debug);
    EXPECT_EQ(c->performance.congestion_control, CongestionControl::Cubic);
    EXPECT_EQ(c->peer, with_home().peer);
}

TEST(Overrides, AllowPeersByNameIdAndKeyOnTopOfTheFile) {
    Config config = with_home();
    config.peers.allowed.push_back(*crypto::parse_node_id(kIdB));
    Overrides o;
    o.peer_allow = {"home-server", kIdB, std::string(64, 'c')};
    const auto c = apply(config, o);
    ASSERT_TRUE(c) << to_string(c.error());
    ASSERT_EQ(c->peers.allowed.size(), 3U);
    EXPECT_EQ(to_string(c->peers.allowed[0]), kIdB);
    EXPECT_EQ(to_string(c->peers.allowed[1]), kIdA);
}

TEST(Overrides, SwitchMultipathOff) {
    Config config;
    config.multipath.enabled = true;
    Overrides o;
    o.multipath = "off";
    EXPECT_FALSE(apply(config, o)->multipath.enabled);
}

TEST(Overrides, AreExplainedByTheirFlag) {
    Overrides o;
    o.mtu = 100;
    o.role = "boss";
    o.port = 70000;
    o.peer_allow = {"home-servr"};
    o.require_2fa = true;
    o.policy_file = "/p";
    EXPECT_EQ(
        refusal(o),
        "command line: --role: \"boss\" is not one of its values; use full, light, gateway or "
        "bootstrap\n"
        "command line: --mtu: 100 is out of range (IPv6 needs at least 1280); use 1280 to 9000\n"
        "command line: --port: 70000 is out of range; use 1 to 65535\n"
        "command line: --peer-allow: no [[peer]] is named \"home-servr\"; did you mean "
        "\"home-server\"?\n"
        "command line: --policy: is not supported by this version, and ignoring it would weaken "
        "security; remove it\n"
        "command line: --require-2fa: is not supported by this version, and ignoring it would "
        "weaken security; remove it\n");
}

TEST(Overrides, AreCheckedAgainstTheFile) {
    Overrides o;
    o.advertise_subnets = {"192.168.0.0/16"};
    EXPECT_EQ(refusal(o),
              "command line: --advertise-subnet: 192.168.0.0/16 overlaps 192.168.1.0/24 of peer "
              "\"home-server\"; leave it to one node\n");
    o = {};
    o.tun_addr = "192.168.1.7/24";
    EXPECT_EQ(refusal(o),
              "command line: --tun-addr: 192.168.1.7 lies in 192.168.1.0/24 of peer "
              "\"home-server\"; choose another address\n");
}

}  // namespace
}  // namespace qe::config
