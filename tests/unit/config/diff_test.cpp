// SPDX-License-Identifier: Apache-2.0
#include "quicether/config/diff.h"

#include <gtest/gtest.h>

#include "config/schema.h"

namespace qe::config {
namespace {

TEST(Diff, OfEqualConfigsIsEmpty) {
    EXPECT_TRUE(diff(Config{}, Config{}).empty());
    EXPECT_FALSE(diff(Config{}, Config{}).needs_restart());
}

TEST(Diff, NamesEachChangeAndWhetherItIsLive) {
    Config after;
    after.node.name = "laptop";
    after.network.mtu = 1300;
    after.peer.emplace_back().name = "home";
    const ConfigDiff changes = diff(Config{}, after);
    ASSERT_EQ(changes.changes.size(), 3U);
    EXPECT_EQ(changes.changes[0], (Change{"node.name", true, "\"\"", "\"laptop\""}));
    EXPECT_EQ(changes.changes[1], (Change{"network.mtu", false, "1420", "1300"}));
    EXPECT_EQ(changes.changes[2].key, "peer");
    EXPECT_TRUE(changes.changes[2].live);
    EXPECT_TRUE(changes.needs_restart());
}

TEST(Diff, SeesAnAddressAppear) {
    Config after;
    after.network.tun_addr = *net::parse_prefix("100.64.0.1/16");
    EXPECT_EQ(diff(Config{}, after).changes.front(),
              (Change{"network.tun_addr", false, "", "\"100.64.0.1/16\""}));
}

TEST(Diff, TakesOnOnlyWhatIsLive) {
    Config wanted;
    wanted.node.name = "laptop";
    wanted.network.mtu = 1300;
    wanted.network.oversize = OversizePolicy::PacketTooBig;
    wanted.monitoring.log_levels["quic"] = base::LogLevel::Trace;
    wanted.peer.emplace_back().name = "home";
    const Config now = take_live_changes(Config{}, wanted);
    EXPECT_EQ(now.node.name, "laptop");
    EXPECT_EQ(now.network.mtu, 1420);
    EXPECT_EQ(now.network.oversize, OversizePolicy::PacketTooBig);
    EXPECT_EQ(now.monitoring.log_levels, wanted.monitoring.log_levels);
    EXPECT_EQ(now.peer, wanted.peer);
    EXPECT_EQ(diff(now, wanted).changes.size(), 1U);
}

TEST(Schema, HasEachKeyOnceAndItsTablesTogether) {
    std::vector<std::string_view> keys;
    std::vector<std::string_view> tables;
    for (const Field& field : schema()) {
        EXPECT_EQ(find_field(field.key), &field) << field.key;
        EXPECT_EQ(std::string(field.table) + '.' + std::string(field.name), field.key);
        if (tables.empty() || tables.back() != field.table) {
            tables.push_back(field.table);
        }
        keys.push_back(field.key);
    }
    for (const std::string_view table : table_names()) {
        EXPECT_EQ(std::ranges::count(tables, table), table == "peer" ? 0 : 1) << table;
    }
    EXPECT_EQ(find_field("network.nothing"), nullptr);
}

}  // namespace
}  // namespace qe::config
