// SPDX-License-Identifier: Apache-2.0
#include "quicether/config/edit.h"

#include <gtest/gtest.h>

#include "config/schema.h"
#include "quicether/config/config.h"

namespace qe::config {
namespace {

constexpr std::string_view kFile = R"(# top
[network]   # the network
mtu = 1400  # small
# above the name
tun_name = 'qe0'

# about discovery
[discovery]
bootstrap_nodes = [
    "a.example:1",  # first
    "b.example:2",
]
# end
)";

std::string edited(std::string_view text, std::string_view key, std::string_view value) {
    const auto out = set_value(text, "t", key, value);
    return out ? *out : "refused: " + to_string(out.error());
}

/// kFile with one part replaced.
std::string file_with(std::string_view from, std::string_view to) {
    std::string text(kFile);
    return text.replace(text.find(from), from.size(), to);
}

TEST(SetValue, ReplacesExactlyTheValue) {
    EXPECT_EQ(edited(kFile, "network.mtu", "1300"), file_with("1400", "1300"));
    EXPECT_EQ(edited(kFile, "network.tun_name", "qe1"), file_with("'qe0'", "\"qe1\""));
}

TEST(SetValue, ReplacesAListOverSeveralLines) {
    EXPECT_EQ(edited(kFile, "discovery.bootstrap_nodes", "c.example:3, d.example:4"),
              file_with("[\n    \"a.example:1\",  # first\n    \"b.example:2\",\n]",
                        "[\"c.example:3\", \"d.example:4\"]"));
}

TEST(SetValue, InsertsBehindTheLastValueOfTheTable) {
    EXPECT_EQ(edited(kFile, "network.oversize", "fragment"),
              file_with("'qe0'\n", "'qe0'\noversize = \"fragment\"\n"));
    EXPECT_EQ(edited(kFile, "discovery.dht_port", "9001"),
              file_with("]\n# end", "]\ndht_port = 9001\n# end"));
    EXPECT_EQ(edited("[node]  # empty\n\n[network]\nmtu = 1400\n", "node.name", "laptop"),
              "[node]  # empty\nname = \"laptop\"\n\n[network]\nmtu = 1400\n");
}

TEST(SetValue, AppendsAMissingTable) {
    EXPECT_EQ(edited(kFile, "node.name", "laptop"),
              std::string(kFile) + "\n[node]\nname = \"laptop\"\n");
    EXPECT_EQ(edited("", "node.name", "laptop"), "[node]\nname = \"laptop\"\n");
    EXPECT_EQ(edited("# no line end", "node.name", "x"), "# no line end\n\n[node]\nname = \"x\"\n");
}

TEST(SetValue, KeepsForeignLineEndsAndTheByteOrderMark) {
    EXPECT_EQ(edited("\xef\xbb\xbf[node]\r\nname = \"ü\"  # né\r\n", "node.name", "x"),
              "\xef\xbb\xbf[node]\r\nname = \"x\"  # né\r\n");
    EXPECT_EQ(edited("[node]\r\nname = \"a\"\r\n", "node.role", "light"),
              "[node]\r\nname = \"a\"\r\nrole = \"light\"\r\n");
}

TEST(SetValue, SetsEntriesOfMaps) {
    EXPECT_EQ(edited("", "multipath.weights.eth0", "2.0"), "[multipath.weights]\neth0 = 2.0\n");
    EXPECT_EQ(edited("[multipath.weights]\neth0 = 1\n", "multipath.weights.eth0.100", "3"),
              "[multipath.weights]\neth0 = 1\n\"eth0.100\" = 3\n");
    EXPECT_EQ(
        edited("[multipath]\nweights = { eth0 = 1, eth1 = 2 }\n", "multipath.weights.eth1", "5"),
        "[multipath]\nweights = { eth0 = 1, eth1 = 5 }\n");
    EXPECT_EQ(edited("[monitoring.log_levels]\n", "monitoring.log_levels.quic", "debug"),
              "[monitoring.log_levels]\nquic = \"debug\"\n");
    EXPECT_EQ(edited("[multipath.weights]\neth0 = 1\n", "multipath.enabled", "true"),
              "[multipath.weights]\neth0 = 1\n\n[multipath]\nenabled = true\n");
}

TEST(SetValue, UnderstandsEachWayToWriteAValue) {
    for (const char* value : {"10.0.0.0/8,10.0.0.0/16", "\"10.0.0.0/8\", \"10.0.0.0/16\"",
                              "[\"10.0.0.0/8\", '10.0.0.0/16']",
                              "[\n\"10.0.0.0/8\",\n"
                              "\"10.0.0.0/16\"]"}) {
        EXPECT_EQ(edited("", "network.advertise_subnets", value),
                  "[network]\nadvertise_subnets = [\"10.0.0.0/8\", \"10.0.0.0/16\"]\n")
            << value;
    }
    EXPECT_EQ(edited("", "network.advertise_subnets", ""), "[network]\nadvertise_subnets = []\n");
    EXPECT_EQ(edited("", "performance.cpu_affinity", "0, 2"),
              "[performance]\ncpu_affinity = [0, 2]\n");
    EXPECT_EQ(edited("", "node.name", " \"laptop\" "), "[node]\nname = \"laptop\"\n");
}

TEST(SetValue, RefusesWhatDoesNotValidate) {
    EXPECT_EQ(edited(kFile, "network.mtu", "100"),
              "refused: t:3: network.mtu: 100 is out of range (IPv6 needs at least 1280); use 1280 "
              "to 9000\n");
    EXPECT_EQ(edited(kFile, "network.mut", "1400"),
              "refused: t: network.mut: is not a known key; did you mean `network.mtu`?\n");
    EXPECT_EQ(edited(kFile, "peer.home.id", "x"),
              "refused: t: peer.home.id: belongs to a [[peer]] entry; edit the file by hand\n");
    EXPECT_EQ(edited(kFile, "network.mtu", "big"),
              "refused: t: network.mtu: \"big\" is not a TOML value; put texts in double quotes "
              "and lists in square brackets\n");
    EXPECT_EQ(edited("[node\n", "node.name", "x").substr(0, 36),
              "refused: t:1: is not valid TOML: Err");
}

TEST(SetValue, CannotSmuggleInAnotherKey) {
    for (const char* value : {"1400\ndht_port = 1", "1400 # \n[node]", "1400 }", "1979-05-27",
                              "[1979-05-27]", "{ a = 1979-05-27 }"}) {
        EXPECT_TRUE(edited(kFile, "network.mtu", value).starts_with("refused: t")) << value;
    }
    EXPECT_TRUE(edited(kFile, "network.tun_name", "a\"\nmtu = 9").starts_with("refused: t"));
}

TEST(SetValue, LeavesUnusualLayoutsToTheOperator) {
    EXPECT_EQ(edited("network = { mtu = 1400 }\n", "network.mtu", "1300"),
              "network = { mtu = 1300 }\n");
    EXPECT_EQ(edited("network.mtu = 1400\n", "network.mtu", "1300"), "network.mtu = 1300\n");
    EXPECT_EQ(edited("network = { mtu = 1400 }\n", "network.tun_name", "x"),
              "refused: t: network.tun_name: does not fit into this file's layout; add it by "
              "hand\n");
}

TEST(SetValue, WorksForEveryKeyOfTheShownConfig) {
    Config config;
    config.network.tun_addr = *net::parse_prefix("100.64.0.1/16");
    config.peer.emplace_back().id = *crypto::parse_node_id(std::string(40, 'a'));
    const std::string text = to_toml(config);
    for (const Field& field : schema()) {
        const std::string value = field.write(config);
        if (!value.empty() && field.shape != Shape::Map) {
            EXPECT_EQ(edited(text, field.key, value), text) << field.key;
        }
    }
}

}  // namespace
}  // namespace qe::config
