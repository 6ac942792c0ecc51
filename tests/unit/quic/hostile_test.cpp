// SPDX-License-Identifier: Apache-2.0
//
// What strangers and attackers on the path may send, and what must not come of it.
#include <gtest/gtest.h>

#include <random>

#include "test_net.h"

namespace qe::quic::testing {
namespace {

/// Sends a datagram each way; the connection must be as good as new.
void expect_alive(Pair& pair) {
    const std::size_t here = pair.client.datagrams.size();
    const std::size_t there = pair.server.datagrams.size();
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(200)));
    ASSERT_TRUE(pair.server.send(pair.at_server, make_bytes(200)));
    pair.net.run_for(base::seconds(2));
    EXPECT_EQ(pair.client.datagrams.size(), here + 1);
    EXPECT_EQ(pair.server.datagrams.size(), there + 1);
    EXPECT_TRUE(pair.client.all<Closed>().empty());
    EXPECT_TRUE(pair.server.all<Closed>().empty());
}

std::uint64_t accounted_for(const EndpointCounters& counters) {
    return counters.datagrams_malformed + counters.datagrams_unroutable +
           counters.packets_rejected + counters.initials_dropped +
           counters.version_negotiations_sent + counters.handshakes_failed;
}

TEST(Hostile, TenThousandRandomDatagramsDisturbNothingAndAreCounted) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    std::mt19937 random(1);
    const auto before = pair.server.counters();
    for (int i = 0; i < 10'000; ++i) {
        base::Bytes packet(1 + random() % 1500);
        for (std::byte& b : packet) {
            b = static_cast<std::byte>(random());
        }
        if (i % 3 == 0) {
            packet[0] |= std::byte{0xC0};  // more long headers than chance gives
        }
        if (i % 6 == 0 && packet.size() > 5) {
            packet[1] = packet[2] = packet[3] = std::byte{0};
            packet[4] = std::byte{1};  // of version 1
        }
        pair.net.inject({pair.flow().remote, pair.flow().local}, packet);
        pair.net.flush();
    }
    const auto after = pair.server.counters();
    EXPECT_EQ(after.datagrams_received - before.datagrams_received, 10'000U);
    // Version Negotiation beyond its rate limit is dropped uncounted.
    EXPECT_GT(accounted_for(after) - accounted_for(before), 6'000U);
    expect_alive(pair);
}

/// Every packet of a handshake and of some traffic, as seen on the wire.
std::vector<WirePacket> record(Pair& pair) {
    std::vector<WirePacket> seen;
    pair.net.filter = [&](WirePacket& packet) {
        seen.push_back(packet);
        return true;
    };
    pair.connect();
    for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(pair.client.send(pair.at_client, make_bytes(300)));
        EXPECT_TRUE(pair.server.send(pair.at_server, make_bytes(300)));
        pair.net.run_for(base::milliseconds(50));
    }
    pair.net.filter = nullptr;
    return seen;
}

net::FlowAddresses as_received(const WirePacket& packet) {
    return {.local = packet.flow.remote, .remote = packet.flow.local};
}

TEST(Hostile, DamagedCopiesOfRealPacketsAreRejected) {
    Pair pair;
    const auto packets = record(pair);
    std::mt19937 random(2);
    const auto before = pair.server.counters().packets_rejected;
    for (int i = 0; i < 10'000; ++i) {
        const WirePacket& original = packets[random() % packets.size()];
        base::Bytes damaged = original.payload;
        damaged[random() % damaged.size()] ^= static_cast<std::byte>(1U << (random() % 8));
        if (i % 4 == 0) {
            damaged.resize(1 + random() % damaged.size());
        }
        pair.net.inject(as_received(original), damaged);
        if (i % 50 == 0) {
            pair.net.run_for(base::milliseconds(1));
        }
    }
    pair.net.run_for(base::seconds(1));
    EXPECT_GT(pair.server.counters().packets_rejected, before);
    const std::size_t datagrams = pair.server.datagrams.size();
    EXPECT_EQ(datagrams, 20U) << "nothing forged was delivered";
    expect_alive(pair);
}

TEST(Hostile, ReplayedPacketsDeliverNothingTwice) {
    Pair pair;
    const auto packets = record(pair);
    pair.net.run_for(base::seconds(1));
    ASSERT_EQ(pair.server.datagrams.size(), 20U);
    const auto rejected = pair.server.counters().packets_rejected;
    for (int round = 0; round < 3; ++round) {
        for (const WirePacket& packet : packets) {
            pair.net.inject(as_received(packet), packet.payload);
        }
        pair.net.run_for(base::milliseconds(10));
    }
    EXPECT_EQ(pair.server.datagrams.size(), 20U);
    EXPECT_GT(pair.server.counters().packets_rejected, rejected);
    pair.net.run_for(base::seconds(20));
    EXPECT_EQ(pair.server.endpoint->connection_count(), 1U) << "replayed Initials came to nothing";
    EXPECT_TRUE(pair.client.all<Closed>().empty());
}

TEST(Hostile, PacketsFromOtherAddressesDoNotMoveTheConnection) {
    Pair pair;
    const auto packets = record(pair);
    for (const WirePacket& packet : packets) {
        net::FlowAddresses forged = as_received(packet);
        forged.remote = address("66.6.6.6:666");
        pair.net.inject(forged, packet.payload);
    }
    pair.net.run_for(base::seconds(10));
    EXPECT_EQ(pair.server.endpoint->info(pair.at_server)->flow.remote,
              pair.client.addresses.front());
    EXPECT_EQ(pair.client.endpoint->info(pair.at_client)->flow.remote,
              pair.server.addresses.front());
}

TEST(Hostile, EmptyAndTinyDatagramsAreCounted) {
    Pair pair;
    const net::FlowAddresses seen{pair.flow().remote, pair.flow().local};
    pair.net.inject(seen, {});
    for (std::size_t size = 1; size < 30; ++size) {
        pair.net.inject(seen, make_bytes(size, 0xFF));
        pair.net.inject(seen, make_bytes(size, 0x00));
        pair.net.inject(seen, make_bytes(size, 0x40));
    }
    EXPECT_EQ(pair.server.counters().datagrams_received, 29 * 3U);
    EXPECT_EQ(
        pair.server.counters().datagrams_malformed + pair.server.counters().datagrams_unroutable,
        29 * 3U);
}

TEST(Hostile, AWrongSegmentSizeIsHarmless) {
    Pair pair;
    pair.connect();
    const base::Bytes noise = make_bytes(3000, 0x41);
    for (const std::size_t segment : {0U, 1U, 7U, 2999U, 3000U, 3001U, 100'000U}) {
        pair.server.endpoint->handle_datagrams(pair.net.now(),
                                               {.flow = {pair.flow().remote, pair.flow().local},
                                                .ecn = net::Ecn::Ce,
                                                .segment_size = segment,
                                                .payload = noise});
    }
    expect_alive(pair);
}

/// The first flights of many clients, made by a real endpoint and sent from invented addresses.
std::vector<base::Bytes> make_initials(Pair& pair, std::size_t count) {
    std::vector<base::Bytes> initials;
    pair.net.filter = [&](WirePacket& packet) {
        initials.push_back(packet.payload);
        return false;
    };
    std::size_t dialled = 0;
    while (initials.size() < count) {
        const ConnectionHandle handle = pair.dial();
        pair.net.flush();
        pair.client.endpoint->close(pair.net.now(), handle, 0, "");
        ++dialled;
    }
    pair.net.filter = nullptr;
    initials.resize(count);
    return initials;
}

TEST(Hostile, AFloodOfInitialsFromAThousandSourcesStaysBounded) {
    EndpointOptions options;
    options.half_open_retry_threshold = 20;
    options.half_open_max = 50;
    Pair pair({}, options);
    const auto initials = make_initials(pair, 1000);
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
    pair.net.filter = [&](WirePacket& packet) {
        sent += packet.payload.size();
        return packet.flow.remote == pair.client.addresses.front() ||
               packet.flow.remote == pair.server.addresses.front();
    };
    for (std::size_t i = 0; i < initials.size(); ++i) {
        net::FlowAddresses flow{pair.flow().remote, {}};
        flow.remote = {net::IpAddress::v4(0x0B000000U + static_cast<std::uint32_t>(i)), 1000, 0};
        pair.net.inject(flow, initials[i]);
        received += initials[i].size();
        EXPECT_LE(pair.server.endpoint->connection_count(), 50U);
        pair.net.flush();
    }
    pair.net.run_for(base::seconds(4));
    EXPECT_LE(sent, 3 * received);
    EXPECT_GT(pair.server.counters().retries_sent, 100U);
    // A client that answers the Retry still gets in while the flood is on.
    pair.connect();
    pair.net.run_for(base::seconds(20));
    EXPECT_EQ(pair.server.endpoint->connection_count(), 1U) << "the half-open ones are gone";
}

TEST(Hostile, HalfOpenMaxIsAHardLimit) {
    EndpointOptions options;
    options.half_open_retry_threshold = 1000;
    options.half_open_max = 10;
    Pair pair({}, options);
    const auto initials = make_initials(pair, 100);
    for (std::size_t i = 0; i < initials.size(); ++i) {
        net::FlowAddresses flow{pair.flow().remote, {}};
        flow.remote = {net::IpAddress::v4(0x0B000000U + static_cast<std::uint32_t>(i)), 1000, 0};
        pair.net.inject(flow, initials[i]);
    }
    EXPECT_LE(pair.server.endpoint->connection_count(), 10U);
    EXPECT_GT(pair.server.counters().initials_dropped, 0U);
}

TEST(Hostile, SpoofedClientsAreNeverSentMoreThanThreeTimesTheirBytes) {
    Pair pair;
    const auto initials = make_initials(pair, 3);
    std::uint64_t sent = 0;
    pair.net.filter = [&](WirePacket& packet) {
        sent += packet.payload.size();
        return false;
    };
    net::FlowAddresses flow{pair.flow().remote, address("66.6.6.6:666")};
    std::uint64_t received = 0;
    for (const base::Bytes& initial : initials) {
        pair.net.inject(flow, initial);
        received += initial.size();
    }
    pair.net.run_for(base::seconds(30));
    EXPECT_LE(sent, 3 * received);
    EXPECT_EQ(pair.server.endpoint->connection_count(), 0U);
}

TEST(Scale, AThousandConnectionsToOneEndpoint) {
    TestNet net;
    TestNode& server = net.add(1, "10.0.0.1:9000");
    EndpointOptions quiet;
    TestNode& client = net.add(2, "10.0.0.2:9000", quiet);
    server.trust(client.identity.public_key());
    client.trust(server.identity.public_key());
    std::vector<ConnectionHandle> handles;
    for (int batch = 0; batch < 20; ++batch) {
        for (int i = 0; i < 50; ++i) {
            const auto handle = client.endpoint->connect(
                net.now(), {.flow = {client.addresses[0], server.addresses[0]},
                            .expected = server.identity.node_id()});
            ASSERT_TRUE(handle);
            handles.push_back(*handle);
        }
        const auto wanted = static_cast<std::size_t>(50 * (batch + 1));
        ASSERT_TRUE(
            net.run_until([&] { return server.counters().handshakes_completed == wanted; }));
    }
    EXPECT_EQ(server.endpoint->connection_count(), 1000U);
    for (const ConnectionHandle handle : handles) {
        ASSERT_TRUE(client.send(handle, make_bytes(100)));
    }
    net.run_for(base::seconds(3));
    EXPECT_EQ(server.datagrams.size(), 1000U);
    for (const ConnectionHandle handle : handles) {
        client.endpoint->close(net.now(), handle, 0, "done");
    }
    net.run_for(base::seconds(10));
    EXPECT_EQ(server.endpoint->connection_count(), 0U);
    EXPECT_EQ(server.all<Closed>().size(), 1000U);
}

}  // namespace
}  // namespace qe::quic::testing
