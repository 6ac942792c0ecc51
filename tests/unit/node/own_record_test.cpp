// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/own_record.h"

#include <gtest/gtest.h>

#include "quicether/dht/item.h"

namespace qe::node {
namespace {

NodeState make_state() {
    crypto::Identity identity = crypto::Identity::from_seed({});
    NodeState state{
        .id = identity.node_id(),
        .key = identity.public_key(),
        .identity = std::move(identity),
        .wall_now = {1'790'000'000},
        .version = "test",
        .commit = "test",
        .instance = 1,
        .rng = base::Rng(base::Rng::Seed{}),
    };
    return state;
}

std::vector<net::SocketAddress> addresses(std::size_t count) {
    std::vector<net::SocketAddress> all;
    for (std::size_t i = 0; i < count; ++i) {
        const auto port = static_cast<std::uint16_t>(9000 + i);
        all.push_back(
            *net::parse_socket_address(i % 2 == 0 ? "198.51.100.7" : "[2001:db8::7]", port));
    }
    return all;
}

TEST(OwnRecord, IsReadAsItWasWritten) {
    const NodeState state = make_state();
    for (const std::size_t count : {0U, 1U, 16U}) {
        const auto value = make_own_record(state, addresses(count), 7);
        ASSERT_TRUE(value);
        EXPECT_LE(value->size(), dht::kItemValueBytesMax);
        const auto record = parse_node_record(*value, state.network);
        ASSERT_TRUE(record);
        EXPECT_EQ(record->underlay, addresses(count));
        EXPECT_EQ(record->id(), state.id);
        EXPECT_EQ(record->sequence, 7U);
    }
}

TEST(OwnRecord, KeepsTheFirstSixteenAddresses) {
    const NodeState state = make_state();
    const auto value = make_own_record(state, addresses(40), 1);
    ASSERT_TRUE(value);
    EXPECT_EQ(parse_node_record(*value, state.network)->underlay, addresses(16));
}

TEST(OwnRecord, FitsOneNetworkOnly) {
    const NodeState state = make_state();
    network::NetworkId other;
    other.bytes[0] = std::byte{1};
    EXPECT_FALSE(parse_node_record(*make_own_record(state, addresses(1), 1), other));
}

TEST(OwnRecord, RefusesWhatIsChangedOrNoString) {
    const NodeState state = make_state();
    base::Bytes value = *make_own_record(state, addresses(2), 1);
    value.back() ^= std::byte{1};
    EXPECT_FALSE(parse_node_record(value, state.network));
    EXPECT_FALSE(parse_node_record(base::as_bytes("i7e"), state.network));
    EXPECT_FALSE(parse_node_record(base::as_bytes("0:"), state.network));
}

}  // namespace
}  // namespace qe::node
