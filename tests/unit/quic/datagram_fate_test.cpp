// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <map>

#include "test_net.h"

namespace qe::quic::testing {
namespace {

/// What was told of each token.
struct Fates {
    std::map<std::uint32_t, bool> lost;

    void collect(Endpoint& endpoint) {
        for (const DatagramFate& fate : endpoint.datagram_fates()) {
            lost[fate.token] = fate.lost;
        }
        endpoint.clear_datagram_fates();
    }
};

base::Status send(Pair& pair, std::size_t size, std::uint32_t token) {
    const base::Bytes bytes = make_bytes(size, static_cast<std::uint8_t>(token));
    const std::array<base::ByteView, 1> parts = {bytes};
    return pair.client.endpoint->send_datagram(pair.at_client, parts, token);
}

TEST(DatagramFates, AreToldForTokensOnly) {
    Pair pair;
    pair.connect();
    ASSERT_TRUE(send(pair, 100, 7));
    ASSERT_TRUE(send(pair, 100, 0));
    ASSERT_TRUE(send(pair, 1100, UINT32_MAX));
    pair.net.run_for(base::seconds(1));
    Fates fates;
    fates.collect(*pair.client.endpoint);
    EXPECT_EQ(fates.lost, (std::map<std::uint32_t, bool>{{7, false}, {UINT32_MAX, false}}));
    EXPECT_TRUE(pair.client.endpoint->datagram_fates().empty());
    EXPECT_EQ(pair.server.datagrams.size(), 3U);
}

TEST(DatagramFates, SayWhichDatagramsTheWireSwallowed) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(2));
    int packets = 0;
    pair.net.filter = [&](WirePacket& packet) {
        return packet.payload.size() < 1000 || ++packets % 10 != 0;  // one of ten data packets
    };
    constexpr std::uint32_t kCount = 400;
    Fates fates;
    std::uint32_t next = 1;
    pair.client.feed = [&] {
        while (next <= kCount && pair.client.endpoint->datagram_room(pair.at_client) >= 1200 &&
               send(pair, 1200, next)) {
            ++next;
        }
        fates.collect(*pair.client.endpoint);
    };
    EXPECT_TRUE(pair.net.run_until([&] { return fates.lost.size() == kCount; }));
    std::size_t lost = 0;
    for (const auto& [token, is_lost] : fates.lost) {
        lost += is_lost ? 1 : 0;
    }
    EXPECT_GE(lost, kCount / 12);
    EXPECT_EQ(pair.server.datagrams.size() + lost, kCount);
}

TEST(DatagramFates, TellOfADatagramThatNoLongerFits) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(5));
    const std::size_t most = pair.client.endpoint->datagram_bytes_max(pair.at_client);
    ASSERT_GT(most, 1300U);
    pair.net.mtu = 1280;
    Fates fates;
    std::uint32_t next = 1;
    pair.client.feed = [&] {
        if (pair.client.endpoint->datagram_room(pair.at_client) >= most && send(pair, most, next)) {
            ++next;
        }
        fates.collect(*pair.client.endpoint);
    };
    EXPECT_TRUE(pair.net.run_until(
        [&] { return pair.client.endpoint->datagram_bytes_max(pair.at_client) < most; }));
    pair.net.run_for(base::seconds(5));
    EXPECT_EQ(fates.lost.size() + 1, next);
    for (const auto& [token, lost] : fates.lost) {
        EXPECT_TRUE(lost) << token;
    }
}

/// How far apart in time the packets of one window leave.
base::Duration spread_of_a_window(base::Duration delay) {
    Pair pair;
    pair.net.delay = delay;
    pair.connect();
    pair.net.run_for(base::seconds(3));
    base::Instant first = base::Instant::never();
    base::Instant last;
    pair.net.filter = [&](WirePacket& packet) {
        if (packet.payload.size() > 1000) {
            first = std::min(first, packet.at);
            last = std::max(last, packet.at);
        }
        return true;
    };
    for (std::uint32_t i = 0; i < 8; ++i) {
        EXPECT_TRUE(send(pair, 1200, 0));
    }
    pair.net.run_for(delay * 8 + base::seconds(1));
    return last - first;
}

TEST(Pacing, IsForPathsLongerThanATimersDelay) {
    EXPECT_EQ(spread_of_a_window(base::microseconds(100)), base::Duration::zero());
    EXPECT_GT(spread_of_a_window(base::milliseconds(20)), base::Duration::zero());
}

}  // namespace
}  // namespace qe::quic::testing
