// SPDX-License-Identifier: Apache-2.0
//
// Some hundred nodes that find each other, store and fetch, lose packets and nodes.
#include <gtest/gtest.h>

#include <algorithm>

#include "quicether/dht/distance.h"
#include "swarm.h"

namespace qe::dht {
namespace {

using testing::Swarm;
using testing::SwarmOptions;

/// Nodes that joined one after the other, and the time to settle.
Swarm grown(std::size_t count, SwarmOptions options = {}) {
    Swarm swarm(options);
    swarm.add();
    for (std::size_t i = 1; i < count; ++i) {
        swarm.join(swarm.rng().below(i));
        swarm.run_for(base::milliseconds(200));
    }
    swarm.run_for(base::seconds(60));
    return swarm;
}

std::size_t random_alive(Swarm& swarm) {
    std::size_t node = swarm.rng().below(swarm.size());
    while (!swarm.is_alive(node)) {
        node = swarm.rng().below(swarm.size());
    }
    return node;
}

base::Bytes value_of(std::size_t number) {
    const std::string text = "value " + std::to_string(number);
    const std::string encoded = std::to_string(text.size()) + ":" + text;
    const auto bytes = base::as_bytes(encoded);
    return {bytes.begin(), bytes.end()};
}

StoreFinished put(Swarm& swarm, std::size_t node, const Item& item,
                  std::optional<std::int64_t> cas = std::nullopt) {
    const auto operation = swarm.dht(node).put(swarm.now(), item, Keep::Once, cas);
    const auto event = swarm.finish(node, operation.value());
    EXPECT_TRUE(event.has_value());
    return event ? std::get<StoreFinished>(*event) : StoreFinished{};
}

LookupFinished get(Swarm& swarm, std::size_t node, const NodeId& target) {
    const auto operation = swarm.dht(node).get_immutable(swarm.now(), target);
    const auto event = swarm.finish(node, operation.value());
    EXPECT_TRUE(event.has_value());
    return event ? std::get<LookupFinished>(*event) : LookupFinished{};
}

crypto::Identity identity(std::uint8_t number) {
    std::array<std::byte, crypto::Identity::kSeedSize> seed{};
    seed[0] = std::byte{number};
    return crypto::Identity::from_seed(seed);
}

/// Of `count` items put by random nodes, how many random others get.
std::size_t round_trips(Swarm& swarm, std::size_t count) {
    std::size_t got = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const Item item = make_immutable_item(value_of(i)).value();
        put(swarm, random_alive(swarm), item);
        got += get(swarm, random_alive(swarm), target_of(item)).item == item ? 1U : 0U;
    }
    return got;
}

TEST(Network, TwoNodesFindEachOther) {
    Swarm swarm = grown(2);
    EXPECT_EQ(swarm.dht(0).status().contacts_v4, 1U);
    EXPECT_EQ(swarm.dht(1).status().contacts_v4, 1U);
    const Item item = make_immutable_item(value_of(7)).value();
    EXPECT_GE(put(swarm, 0, item).accepted, 1U);
    EXPECT_EQ(get(swarm, 1, target_of(item)).item, item);
}

TEST(Network, LookupsFindTheNearestNodes) {
    Swarm swarm = grown(200);
    for (int i = 0; i < 20; ++i) {
        const NodeId target = random_id(swarm.rng());
        const std::size_t asker = random_alive(swarm);
        const auto operation = swarm.dht(asker).find_node(swarm.now(), target);
        const auto event = swarm.finish(asker, operation.value());
        ASSERT_TRUE(event.has_value());
        const auto& found = std::get<LookupFinished>(*event);
        std::size_t nearest = asker == 0 ? 1 : 0;
        for (std::size_t node = 0; node < swarm.size(); ++node) {
            const bool nearer = is_closer(target, swarm.id(node), swarm.id(nearest));
            nearest = node != asker && nearer ? node : nearest;
        }
        ASSERT_EQ(found.nearest.size(), 8U);
        EXPECT_EQ(found.nearest.front().id, swarm.id(nearest));
        EXPECT_TRUE(std::ranges::is_sorted(found.nearest, [&](const auto& a, const auto& b) {
            return is_closer(target, a.id, b.id);
        }));
    }
}

TEST(Network, ItemsPutByOneAreGotByAnother) {
    Swarm swarm = grown(200);
    EXPECT_EQ(round_trips(swarm, 30), 30U);
}

TEST(Network, ItemsSurviveLossAndTheDeathOfAThirdOfTheNodes) {
    SwarmOptions options;
    options.loss = 0.02;
    Swarm swarm = grown(200, options);
    std::vector<Item> items;
    for (std::size_t i = 0; i < 20; ++i) {
        items.push_back(make_immutable_item(value_of(i)).value());
        EXPECT_GE(put(swarm, random_alive(swarm), items.back()).accepted, 6U);
    }
    for (int i = 0; i < 66; ++i) {
        swarm.kill(random_alive(swarm));
    }
    std::size_t got = 0;
    for (const Item& item : items) {
        got += get(swarm, random_alive(swarm), target_of(item)).item == item ? 1U : 0U;
    }
    EXPECT_GE(got, 19U);
}

TEST(Network, TablesRecoverFromChurn) {
    Swarm swarm = grown(100);
    for (int i = 0; i < 40; ++i) {
        swarm.kill(random_alive(swarm));
        swarm.join(random_alive(swarm));
        swarm.run_for(base::seconds(60));
    }
    EXPECT_GE(round_trips(swarm, 20), 20U);
}

TEST(Network, MutableItemsAreReplacedByNewerOnesOnly) {
    Swarm swarm = grown(60);
    const crypto::Identity owner = identity(3);
    const auto salt = base::as_bytes("addresses");
    const Item first = make_mutable_item(owner, salt, 1, value_of(1)).value();
    const Item second = make_mutable_item(owner, salt, 2, value_of(2)).value();
    EXPECT_GE(put(swarm, 5, first).accepted, 8U);
    EXPECT_GE(put(swarm, 6, second, 1).accepted, 8U);

    const StoreFinished late = put(swarm, 7, first);
    EXPECT_EQ(late.accepted, 0U);
    EXPECT_EQ(late.last_error, 302);
    EXPECT_EQ(late.newer, second);

    const Item third = make_mutable_item(owner, salt, 3, value_of(3)).value();
    const StoreFinished mismatch = put(swarm, 8, third, 1);
    EXPECT_EQ(mismatch.accepted, 0U);
    EXPECT_EQ(mismatch.last_error, 301);

    const auto operation = swarm.dht(20).get_mutable(swarm.now(), owner.public_key(), salt);
    const auto event = swarm.finish(20, operation.value());
    ASSERT_TRUE(event.has_value());
    EXPECT_EQ(std::get<LookupFinished>(*event).item, second);
}

TEST(Network, LargeItemsReachAskersThatNobodyKnows) {
    Swarm swarm = grown(60);
    const std::string large = "990:" + std::string(990, 'x');
    const Item item = make_immutable_item(base::as_bytes(large)).value();
    EXPECT_GE(put(swarm, 1, item).accepted, 8U);
    for (int i = 0; i < 5; ++i) {
        const std::size_t stranger = swarm.join(random_alive(swarm));
        swarm.run_for(base::seconds(2));
        EXPECT_EQ(get(swarm, stranger, target_of(item)).item, item);
    }
    DhtConfig light;
    light.id = random_id(swarm.rng());
    light.read_only = true;
    const std::size_t reader = swarm.add(light);
    swarm.dht(reader).bootstrap(swarm.now(), std::span(&swarm.endpoint(0), 1));
    swarm.settle(reader);
    swarm.run_for(base::seconds(5));
    EXPECT_EQ(get(swarm, reader, target_of(item)).item, item);
}

TEST(Network, NobodyKnowsReadOnlyNodes) {
    Swarm swarm = grown(30);
    DhtConfig light;
    light.id = random_id(swarm.rng());
    light.read_only = true;
    const std::size_t reader = swarm.add(light);
    swarm.dht(reader).bootstrap(swarm.now(), std::span(&swarm.endpoint(0), 1));
    swarm.settle(reader);
    swarm.run_for(base::seconds(60));
    EXPECT_GT(swarm.dht(reader).status().contacts_v4, 10U);
    for (std::size_t node = 0; node < reader; ++node) {
        for (const NodeInfo& info : swarm.dht(node).nodes(swarm.now())) {
            EXPECT_NE(info.contact.id, light.id);
        }
    }
}

TEST(Network, AnnouncedPeersAreFound) {
    Swarm swarm = grown(80);
    const NodeId hash = random_id(swarm.rng());
    for (std::size_t node = 10; node < 15; ++node) {
        const auto operation = swarm.dht(node).announce(swarm.now(), hash, 0, Keep::Once);
        const auto event = swarm.finish(node, operation.value());
        ASSERT_TRUE(event.has_value());
        EXPECT_GE(std::get<StoreFinished>(*event).accepted, 7U);
    }
    const auto operation = swarm.dht(50).get_peers(swarm.now(), hash);
    const auto event = swarm.finish(50, operation.value());
    ASSERT_TRUE(event.has_value());
    auto peers = std::get<LookupFinished>(*event).peers;
    EXPECT_EQ(peers.size(), 5U);
    for (std::size_t node = 10; node < 15; ++node) {
        EXPECT_NE(std::ranges::find(peers, swarm.endpoint(node)), peers.end());
    }
}

TEST(Network, KeptItemsOutliveTheirLifetime) {
    Swarm swarm = grown(40);
    const Item kept = make_immutable_item(value_of(1)).value();
    const Item once = make_immutable_item(value_of(2)).value();
    ASSERT_TRUE(swarm.dht(3).put(swarm.now(), kept, Keep::Republish).has_value());
    ASSERT_TRUE(swarm.dht(3).put(swarm.now(), once, Keep::Once).has_value());
    swarm.settle(3);
    swarm.run_for(base::seconds(3 * 3600));
    EXPECT_EQ(get(swarm, 20, target_of(kept)).item, kept);
    EXPECT_FALSE(get(swarm, 20, target_of(once)).item.has_value());
    swarm.dht(3).withdraw(target_of(kept));
    swarm.run_for(base::seconds(3 * 3600));
    EXPECT_FALSE(get(swarm, 20, target_of(kept)).item.has_value());
}

TEST(Network, PrivateSwarmsStayApart) {
    SwarmOptions options;
    options.config.network_key.emplace();
    options.config.network_key->bytes[0] = std::byte{1};
    Swarm swarm = grown(10, options);
    DhtConfig other = options.config;
    other.id = random_id(swarm.rng());
    other.network_key->bytes[0] = std::byte{2};
    const std::size_t stranger = swarm.add(other);
    other.network_key.reset();
    other.id = random_id(swarm.rng());
    const std::size_t public_node = swarm.add(other);
    for (const std::size_t node : {stranger, public_node}) {
        swarm.dht(node).bootstrap(swarm.now(), std::span(&swarm.endpoint(0), 1));
        swarm.settle(node);
    }
    swarm.run_for(base::seconds(20));
    EXPECT_EQ(swarm.dht(stranger).status().contacts_v4, 0U);
    EXPECT_EQ(swarm.dht(public_node).status().contacts_v4, 0U);
    EXPECT_GE(swarm.dht(0).status().counters.dropped_mac, 4U);
    EXPECT_EQ(swarm.dht(0).status().contacts_v4, 9U);
}

TEST(Network, StartsFromASnapshotWhenTheBootstrapNodeIsGone) {
    Swarm swarm = grown(30);
    const base::Bytes saved = swarm.dht(12).snapshot();
    swarm.kill(0);
    swarm.kill(12);
    const std::size_t again = swarm.add();
    ASSERT_GT(swarm.dht(again).restore(swarm.now(), saved).value(), 10U);
    swarm.settle(again);
    swarm.run_for(base::seconds(30));
    EXPECT_GT(swarm.dht(again).status().contacts_v4, 10U);
}

TEST(Network, EveryNodeLearnsItsOwnAddress) {
    Swarm swarm = grown(20);
    for (std::size_t node = 0; node < swarm.size(); ++node) {
        EXPECT_EQ(swarm.dht(node).status().external, swarm.endpoint(node));
    }
}

TEST(Network, ANodeWithoutNetworkKeepsItsContactsAndAsksRarely) {
    Swarm swarm = grown(50);
    const std::size_t before = swarm.dht(9).status().contacts_v4;
    bool cut = true;
    swarm.intercept = [&](std::size_t node, const net::SocketAddress& from, base::ByteView) {
        return cut && (node == 9 || from == swarm.endpoint(9));
    };
    const std::uint64_t sent = swarm.dht(9).status().counters.messages_sent;
    swarm.run_for(base::seconds(4 * 3600));
    EXPECT_EQ(swarm.dht(9).status().contacts_v4, before);
    EXPECT_LT(swarm.dht(9).status().counters.messages_sent - sent, 1500U);
    cut = false;
    swarm.run_for(base::seconds(1800));
    const Item item = make_immutable_item(value_of(5)).value();
    EXPECT_GE(put(swarm, 9, item).accepted, 8U);
}

TEST(Network, RunsRepeatExactly) {
    const auto run = [] {
        SwarmOptions options;
        options.loss = 0.05;
        Swarm swarm = grown(40, options);
        round_trips(swarm, 3);
        return swarm.datagrams();
    };
    EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace qe::dht
