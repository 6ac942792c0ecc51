// SPDX-License-Identifier: Apache-2.0
#include "dht/peer_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "quicether/dht/distance.h"

namespace qe::dht {
namespace {

const base::Instant kStart = base::Instant::from_nanoseconds(1'000'000'000'000);

net::SocketAddress peer(std::uint32_t subnet, std::uint16_t port = 7000) {
    return {net::IpAddress::v4(0x14000001U + (subnet << 8)), port, 0};
}

NodeId hash(std::uint8_t number) {
    NodeId id;
    id.bytes[0] = std::byte{number};
    return id;
}

class PeerStoreTest : public ::testing::Test {
  protected:
    std::size_t count(PeerStore& store, const NodeId& key, base::Instant now = kStart,
                      std::size_t most = 1000) {
        return store.find(now, key, net::Family::V4, most, rng_).size();
    }
    base::Rng rng_{base::Rng::Seed{}};
    StoreLimits limits_;
};

TEST_F(PeerStoreTest, KeepsPeersForTheirLifetime) {
    PeerStore store(NodeId{}, limits_);
    EXPECT_EQ(store.announce(kStart, hash(1), peer(1)), std::nullopt);
    EXPECT_EQ(store.announce(kStart + base::seconds(600), hash(1), peer(2)), std::nullopt);
    EXPECT_EQ(count(store, hash(1)), 2U);
    EXPECT_EQ(count(store, hash(1), kStart + limits_.peer_lifetime), 1U);
    EXPECT_EQ(count(store, hash(2)), 0U);
    store.expire(kStart + limits_.peer_lifetime + base::seconds(600));
    EXPECT_EQ(store.size(), 0U);
    EXPECT_EQ(store.hash_count(), 0U);
}

TEST_F(PeerStoreTest, AnnouncingAgainProlongsAndAddsNothing) {
    PeerStore store(NodeId{}, limits_);
    (void)store.announce(kStart, hash(1), peer(1));
    (void)store.announce(kStart + base::seconds(1000), hash(1), peer(1));
    EXPECT_EQ(store.size(), 1U);
    EXPECT_EQ(count(store, hash(1), kStart + limits_.peer_lifetime + base::seconds(900)), 1U);
}

TEST_F(PeerStoreTest, HandsOutARandomShareOfOneFamily) {
    PeerStore store(NodeId{}, limits_);
    for (std::uint32_t i = 0; i < 50; ++i) {
        (void)store.announce(kStart, hash(1), peer(i));
    }
    const auto six = net::parse_socket_address("[2001:db8::1]:1", 0).value();
    (void)store.announce(kStart, hash(1), six);
    EXPECT_EQ(store.find(kStart, hash(1), net::Family::V6, 9, rng_), std::vector{six});
    const auto first = store.find(kStart, hash(1), net::Family::V4, 10, rng_);
    const auto second = store.find(kStart, hash(1), net::Family::V4, 10, rng_);
    EXPECT_EQ(first.size(), 10U);
    EXPECT_NE(first, second);
}

TEST_F(PeerStoreTest, AFullKeyGivesUpTheOldestPeer) {
    limits_.peers_per_hash_max = 3;
    PeerStore store(NodeId{}, limits_);
    for (std::uint32_t i = 0; i < 5; ++i) {
        (void)store.announce(kStart + base::seconds(i), hash(1), peer(i));
    }
    const auto peers = store.find(kStart, hash(1), net::Family::V4, 10, rng_);
    EXPECT_EQ(peers, (std::vector{peer(2), peer(3), peer(4)}));
    EXPECT_EQ(store.size(), 3U);
}

TEST_F(PeerStoreTest, AFullStoreGivesUpTheFarthestKey) {
    limits_.hashes_max = 4;
    PeerStore store(NodeId{}, limits_);
    for (const std::uint8_t number : std::array<std::uint8_t, 7>{9, 8, 7, 6, 5, 200, 4}) {
        (void)store.announce(kStart, hash(number), peer(number));
    }
    EXPECT_EQ(store.hash_count(), 4U);
    EXPECT_EQ(count(store, hash(200)), 0U);
    EXPECT_EQ(count(store, hash(9)), 0U);
    EXPECT_EQ(count(store, hash(4)), 1U);
    EXPECT_EQ(store.announce(kStart, hash(100), peer(1)), KrpcError::Server);
}

TEST_F(PeerStoreTest, OneSubnetHoldsOnlyItsShare) {
    limits_.peers_per_subnet_max = 5;
    PeerStore store(NodeId{}, limits_);
    for (std::uint16_t i = 0; i < 20; ++i) {
        (void)store.announce(kStart, hash(static_cast<std::uint8_t>(i)),
                             peer(1, static_cast<std::uint16_t>(1000 + i)));
    }
    EXPECT_EQ(store.size(), 5U);
    EXPECT_EQ(store.announce(kStart, hash(1), peer(2)), std::nullopt);
    EXPECT_EQ(store.announce(kStart + limits_.peer_lifetime, hash(1), peer(1)), std::nullopt);
    EXPECT_EQ(store.size(), 1U);
}

}  // namespace
}  // namespace qe::dht
