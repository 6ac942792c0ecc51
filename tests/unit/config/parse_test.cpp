// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "quicether/config/config.h"

namespace qe::config {
namespace {

const std::string kIdA(40, 'a');
const std::string kIdB(40, 'b');
const std::string kKey(64, 'c');

Config parsed(std::string_view text) {
    auto config = parse(text, "test.toml");
    EXPECT_TRUE(config) << to_string(config.error());
    return config ? *config : Config{};
}

/// The sentences of a refusal without the file's name.
std::string refusal(std::string_view text) {
    const auto config = parse(text, "t");
    return config ? "accepted" : to_string(config.error());
}

TEST(Parse, AnEmptyTextIsTheDefault) {
    EXPECT_EQ(parsed(""), Config{});
    EXPECT_EQ(parsed("\xef\xbb\xbf# only a byte order mark\r\n"), Config{});
}

TEST(Parse, ReadsEveryKey) {
    const Config c = parsed(R"(
[node]
name = "hq-gateway"
role = "gateway"
[network]
tun_name = "qe1"
tun_addr = "10.0.0.1/16"
tun_addr6 = "fd00:1::1/48"
advertise_subnets = ["10.0.0.0/16", "fd00:2::/64"]
mtu = 1400
oversize = "packet_too_big"
[discovery]
bootstrap_nodes = ["home-server.local:9001", "bootstrap.example.org"]
bootstrap_mode = true
public_ip = "198.51.100.5"
dht_port = 9002
dht = false
lan = false
swarm = "our office, second floor"
[multipath]
enabled = true
interfaces = ["eth0", "eth1.100"]
scheduler = "weighted"
mode = "failover"
latency_threshold = "25ms"
weights = { eth0 = 1.5, "eth1.100" = 2 }
limits = { eth0 = 50 }
metered = ["wwan*"]
redundant_classes = ["ef", "cs5", "af41", "3"]
accept = false
[security]
policy_file = ""
audit_log = ""
require_2fa = false
[monitoring]
metrics_addr = "127.0.0.1:9090"
health_addr = "[::1]:9091"
log_level = "debug"
log_levels = { quic = "trace", host = "off" }
log_format = "json"
[performance]
io_backend = "io_uring"
cpu_affinity = [0, 3]
segmentation_offload = false
congestion_control = "cubic"
)");
    EXPECT_EQ(c.node.name, "hq-gateway");
    EXPECT_EQ(c.node.role, NodeRole::Gateway);
    EXPECT_EQ(c.network.tun_name, "qe1");
    EXPECT_EQ(c.network.tun_addr->to_string(), "10.0.0.1/16");
    EXPECT_EQ(c.network.tun_addr6->to_string(), "fd00:1::1/48");
    ASSERT_EQ(c.network.advertise_subnets.size(), 2U);
    EXPECT_EQ(c.network.advertise_subnets[1].to_string(), "fd00:2::/64");
    EXPECT_EQ(c.network.mtu, 1400);
    EXPECT_EQ(c.network.oversize, OversizePolicy::PacketTooBig);
    ASSERT_EQ(c.discovery.bootstrap_nodes.size(), 2U);
    EXPECT_EQ(c.discovery.bootstrap_nodes[0], (HostPort{"home-server.local", 9001}));
    EXPECT_EQ(c.discovery.bootstrap_nodes[1], (HostPort{"bootstrap.example.org", kDefaultPort}));
    EXPECT_TRUE(c.discovery.bootstrap_mode);
    EXPECT_EQ(c.discovery.public_ip->to_string(), "198.51.100.5");
    EXPECT_EQ(c.discovery.dht_port, 9002);
    EXPECT_FALSE(c.discovery.dht);
    EXPECT_FALSE(c.discovery.lan);
    EXPECT_EQ(c.discovery.swarm, "our office, second floor");
    EXPECT_TRUE(c.multipath.enabled);
    EXPECT_EQ(c.multipath.interfaces, (std::vector<std::string>{"eth0", "eth1.100"}));
    EXPECT_EQ(c.multipath.scheduler, "weighted");
    EXPECT_EQ(c.multipath.mode, "failover");
    EXPECT_EQ(c.multipath.weights, (std::map<std::string, double>{{"eth0", 1.5}, {"eth1.100", 2}}));
    EXPECT_EQ(c.multipath.latency_threshold, base::milliseconds(25));
    EXPECT_EQ(c.multipath.limits, (std::map<std::string, double>{{"eth0", 50}}));
    EXPECT_EQ(c.multipath.metered, std::vector<std::string>{"wwan*"});
    EXPECT_EQ(c.multipath.redundant_classes, (std::vector<TrafficClass>{{46}, {40}, {34}, {3}}));
    EXPECT_FALSE(c.multipath.accept);
    EXPECT_EQ(c.security, Config::Security{});
    EXPECT_EQ(c.monitoring.metrics_addr, "127.0.0.1:9090");
    EXPECT_EQ(c.monitoring.health_addr, "[::1]:9091");
    EXPECT_EQ(c.monitoring.log_level, base::LogLevel::Debug);
    EXPECT_EQ(c.monitoring.log_levels.at("quic"), base::LogLevel::Trace);
    EXPECT_EQ(c.monitoring.log_format, "json");
    EXPECT_EQ(c.performance.io_backend, "io_uring");
    EXPECT_EQ(c.performance.cpu_affinity, (std::vector<unsigned>{0, 3}));
    EXPECT_FALSE(c.performance.segmentation_offload);
    EXPECT_EQ(c.performance.congestion_control, CongestionControl::Cubic);
}

TEST(Parse, ReadsPeersAndResolvesTheirNames) {
    const Config c = parsed("[peers]\nallowed = [\"home\", \"key_" + kKey +
                            "\"]\n[[peer]]\nname = \"home\"\nid = \"" + kIdA +
                            "\"\nendpoints = [\"203.0.113.5\", \"[2001:db8::1]:1\"]\n"
                            "subnets = [\"0.0.0.0/0\", \"192.168.1.0/24\"]\n");
    ASSERT_EQ(c.peer.size(), 1U);
    EXPECT_EQ(to_string(c.peer[0].id), kIdA);
    EXPECT_EQ(c.peer[0].endpoints[0], (HostPort{"203.0.113.5", 9000}));
    EXPECT_EQ(c.peer[0].endpoints[1], (HostPort{"2001:db8::1", 1}));
    EXPECT_EQ(c.peer[0].endpoints[1].to_string(), "[2001:db8::1]:1");
    ASSERT_EQ(c.peer[0].subnets.size(), 2U);
    EXPECT_EQ(c.peer[0].subnets[0].to_string(), "0.0.0.0/0");
    ASSERT_EQ(c.peers.allowed.size(), 2U);
    EXPECT_EQ(c.peers.allowed[0], c.peer[0].id);
    EXPECT_EQ(to_string(c.peers.allowed[1]), kKey);
}

TEST(Parse, TellsAPublicKeyAndItsNodeIdApart) {
    const PeerRef key = *crypto::parse_public_key(kKey);
    const PeerRef id = node_id_of(key);
    EXPECT_NE(key, id);
    EXPECT_EQ(node_id_of(id), node_id_of(key));
    EXPECT_EQ(refusal("[[peer]]\nid = \"" + kKey + "\"\n[[peer]]\nid = \"" + to_string(id) + '"'),
              "t:4: peer.id: is the id of peer " + node_id_of(key).short_text() +
                  " as well; keep one [[peer]]\n");
}

TEST(Parse, AllowsADefaultRouteBesideMoreSpecificOnes) {
    const Config c = parsed("[network]\nadvertise_subnets = [\"10.0.0.0/8\"]\n[[peer]]\nid = \"" +
                            kIdA + "\"\nsubnets = [\"0.0.0.0/0\", \"::/0\"]\n[[peer]]\nid = \"" +
                            kIdB + "\"\nsubnets = [\"192.168.0.0/16\"]\n");
    EXPECT_EQ(c.peer.size(), 2U);
}

TEST(Parse, AllowsOnePeersSubnetsToNest) {
    parsed("[[peer]]\nid = \"" + kIdA + "\"\nsubnets = [\"10.0.0.0/8\", \"10.1.0.0/16\"]\n");
}

TEST(Parse, FindsAnOverlapBehindADisjointNeighbour) {
    EXPECT_EQ(refusal("[[peer]]\nid = \"" + kIdA +
                      "\"\nsubnets = [\"10.0.0.0/8\", \"10.1.0.0/16\"]\n[[peer]]\nid = \"" + kIdB +
                      "\"\nsubnets = [\"10.2.0.0/16\"]\n"),
              "t:6: peer.subnets: 10.2.0.0/16 overlaps 10.0.0.0/8 of peer aaaaaaaaaaaa; "
              "leave it to one node\n");
}

TEST(Parse, ReportsProblemsInLineOrder) {
    const auto config = parse("[network]\nmtu = 1\ntun_name = \"\"\n[node]\nrole = 1\n", "t");
    ASSERT_FALSE(config);
    std::vector<std::size_t> lines;
    for (const Diagnostic& diagnostic : config.error()) {
        lines.push_back(diagnostic.line);
    }
    EXPECT_EQ(lines, (std::vector<std::size_t>{2, 3, 5}));
}

TEST(Parse, BoundsTheNumberOfProblemsShown) {
    std::string text = "[node]\n";
    for (int i = 0; i < 1000; ++i) {
        text += "k" + std::to_string(i) + " = 1\n";
    }
    const auto config = parse(text, "t");
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().size(), 101U);
    EXPECT_EQ(config.error().back().message, "900 more problems; correct these first");
}

TEST(Parse, RefusesATextOverOneMebibyte) {
    EXPECT_EQ(refusal(std::string(kConfigBytesMax + 1, '#')),
              "t: is longer than 1 MiB, which no configuration is; check the file name\n");
    EXPECT_EQ(refusal(std::string(kConfigBytesMax, '#')), "accepted");
}

TEST(Parse, RefusesAListThatIsTooLong) {
    std::string items;
    for (int i = 0; i < 5000; ++i) {
        items += "\"10.0.0.0/8\",";
    }
    EXPECT_EQ(refusal("[network]\nadvertise_subnets = [" + items + "]"),
              "t:2: network.advertise_subnets: has 5000 items; at most 4096 are allowed\n");
}

TEST(Parse, SurvivesDeepNesting) {
    EXPECT_NE(refusal("[node]\nname = " + std::string(100'000, '[')), "accepted");
    EXPECT_NE(refusal("a" + std::string(100'000, '.') + "b = 1"), "accepted");
    std::string dotted;
    for (int i = 0; i < 100'000; ++i) {
        dotted += i % 2 == 0 ? "a." : "\"=[,\\\"\" . ";
    }
    EXPECT_EQ(refusal(dotted + "a = 1"), "t:1: has a key of too many parts; correct this line\n");
    EXPECT_EQ(refusal("\n[" + dotted + "a]"),
              "t:2: has a key of too many parts; correct this line\n");
    std::string nested;
    for (int i = 0; i < 10'000; ++i) {
        nested += "a.a.a.a.a.a.a.a.a = {";
    }
    EXPECT_NE(refusal(nested), "accepted");
}

TEST(Parse, CountsNoDotsInsideTextsAndComments) {
    const std::string dots(50, '.');
    const std::string text = "# " + dots + "\n[x]\na = \"" + dots + "\"\nb = '" + dots +
                             "'\nc = \"\"\"\n" + dots + "\"\"\"\"\"\nd = '''\n" + dots + "'''\n";
    EXPECT_EQ(refusal(text).find("too many parts"), std::string::npos) << refusal(text);
}

TEST(Parse, RefusesHeadersThatBeginWithNoKey) {
    for (const char* text :
         {"[",   "[[",     "[]",     "[[]]",  "[.",     "[=]",   "[[=]]",      "[#",   "[\n]",
          "[[[", "[{}",    "[ ",     "[a.",   "[a.]",   "[a.=]", "=",          ".",    "a",
          "a =", "a = {.", "a = {=", "a.= 1", "a = [.", "a = .", "a = {a.=1}", "\x7f", "[\x7f"}) {
        EXPECT_TRUE(refusal(text).starts_with("t:")) << text << " → " << refusal(text);
    }
}

TEST(Parse, RefusesLettersBeyondAsciiOutsideOfTexts) {
    for (const char* text : {"[\xef\xb2\xbf'", "né = 1", "a = é", "\xc2\xa0", "[a]\xe2\x80\xa8"}) {
        EXPECT_EQ(refusal(text),
                  "t:1: has a character beyond ASCII outside of texts and comments; put it in "
                  "double quotes\n")
            << text;
    }
    EXPECT_EQ(refusal("# é\n[node] # é\nrole = 'full'  # é"), "accepted");
}

TEST(Parse, RefusesNulBytes) {
    EXPECT_NE(refusal(std::string("[node]\nname = \"a\0b\"\n", 21)), "accepted");
    EXPECT_NE(refusal(std::string("\0", 1)), "accepted");
}

TEST(UnsupportedNotes, ListWhatHasNoEffect) {
    EXPECT_TRUE(unsupported_notes(Config{}).empty());
    const Config c = parsed(
        "[monitoring]\nmetrics_addr = \"127.0.0.1:9090\"\n"
        "[performance]\nio_backend = "
        "\"io_uring\"\n");
    EXPECT_EQ(unsupported_notes(c),
              (std::vector<std::string>{
                  "monitoring.metrics_addr has no effect in this version: metrics are not served",
                  "performance.io_backend has no effect in this version: epoll is used"}));
}

TEST(Parse, ReadsWithWhomToConnect) {
    const Config c = parsed("[peers]\nconnect = \"on-demand\"\nidle_timeout = \"2h\"\n");
    EXPECT_EQ(c.peers.connect, ConnectPolicy::OnDemand);
    EXPECT_EQ(c.peers.idle_timeout, base::seconds(7200));
    EXPECT_EQ(parsed(to_toml(c)), c);
    EXPECT_EQ(parsed("[peers]\nidle_timeout = \"0s\"\n").peers.idle_timeout, base::seconds(0));
    for (const std::string wrong :
         {"9s", "31d", "10", "m", "-1s", "1.5h", "99999999999999999999s"}) {
        EXPECT_FALSE(parse("[peers]\nidle_timeout = \"" + wrong + "\"\n", "f")) << wrong;
    }
}

TEST(Parse, ReadsInterfacesAsPatterns) {
    const Config c = parsed(
        "[multipath]\ninterfaces = [\"eth*\", \"wwan?\"]\n"
        "weights = { eth7 = 2, \"wwan?\" = 1 }\nlimits = { \"eth*\" = 0.5 }\n");
    EXPECT_EQ(c.multipath.interfaces, (std::vector<std::string>{"eth*", "wwan?"}));
    EXPECT_EQ(parsed(to_toml(c)), c);
    EXPECT_NE(refusal("[multipath]\ninterfaces = [\"eth*\"]\nlimits = { wlan0 = 5 }\n"),
              "accepted");
}

TEST(Parse, ReadsHowMuchSlowerAPathMayBe) {
    const auto threshold = [](const std::string& text) {
        return parsed("[multipath]\nlatency_threshold = \"" + text + "\"\n")
            .multipath.latency_threshold;
    };
    EXPECT_EQ(threshold("0s"), base::milliseconds(0));
    EXPECT_EQ(threshold("40ms"), base::milliseconds(40));
    EXPECT_EQ(threshold("2s"), base::milliseconds(2000));
    for (const std::string wrong : {"", "40", "ms", "-1ms", "0.5s", "11s", "1h"}) {
        EXPECT_FALSE(parse("[multipath]\nlatency_threshold = \"" + wrong + "\"\n", "f")) << wrong;
    }
}

TEST(ToToml, ReadsBackEqual) {
    const Config c = parsed(R"(
[node]
name = "hq"
role = "light"
[network]
tun_addr6 = "fd00::1/64"
advertise_subnets = ["0.0.0.0/0"]
[peers]
allowed = ["home", "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"]
[[peer]]
name = "home"
id = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
endpoints = ["[2001:db8::1]:9000", "a.example"]
[[peer]]
id = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
subnets = ["10.0.0.0/8"]
[multipath]
interfaces = ["eth0@if3"]
weights = { "eth0@if3" = 0.1 }
[monitoring.log_levels]
quic = "trace"
)");
    EXPECT_EQ(parsed(to_toml(c)), c);
    EXPECT_EQ(to_toml(parsed(to_toml(c))), to_toml(c));
    EXPECT_EQ(parsed(to_toml(Config{})), Config{});
}

TEST(Diagnostic, IsOnePrintableLine) {
    EXPECT_EQ((Diagnostic{"a\nb", 3, "k\x1b", "m\xff"}.to_string()), "a\\x0Ab:3: k\\x1B: m\\xFF");
    EXPECT_EQ((Diagnostic{"f", 0, "", "m"}.to_string()), "f: m");
    EXPECT_EQ(printable("été"), "été");
    EXPECT_EQ(printable("0123456789", 4), "0123…");
}

}  // namespace
}  // namespace qe::config
