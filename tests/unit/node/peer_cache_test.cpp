// SPDX-License-Identifier: Apache-2.0
#include "node/discovery/peer_cache.h"

#include <gtest/gtest.h>

namespace qe::node {
namespace {

std::vector<CachedPeer> two_peers() {
    CachedPeer first;
    first.id.bytes[0] = std::byte{1};
    first.addresses = {*net::parse_socket_address("203.0.113.5:9000", 0),
                       *net::parse_socket_address("[2001:db8::5]:40000", 0)};
    CachedPeer second;
    second.id.bytes[19] = std::byte{2};
    return {first, second};
}

TEST(PeerCache, SurvivesTheDisk) {
    const auto parsed = parse_peer_cache(encode_peer_cache(two_peers()));
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(*parsed, two_peers());
}

TEST(PeerCache, RefusesEveryTruncationAndTrailingBytes) {
    base::Bytes whole = encode_peer_cache(two_peers());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_FALSE(parse_peer_cache(base::ByteView(whole).first(size)).has_value()) << size;
    }
    whole.push_back(std::byte{0});
    EXPECT_FALSE(parse_peer_cache(whole).has_value());
}

TEST(PeerCache, RefusesAnAddressWithoutAPort) {
    auto peers = two_peers();
    peers[0].addresses[0].port = 0;
    EXPECT_FALSE(parse_peer_cache(encode_peer_cache(peers)).has_value());
}

}  // namespace
}  // namespace qe::node
