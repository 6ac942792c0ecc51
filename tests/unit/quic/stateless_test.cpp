// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "test_net.h"

namespace qe::quic::testing {
namespace {

/// The packets of one end, while others pass.
struct Tap {
    std::vector<WirePacket> packets;
    void listen(TestNet& net, const net::SocketAddress& sender) {
        net.filter = [this, sender](WirePacket& packet) {
            if (packet.flow.local == sender) {
                packets.push_back(packet);
            }
            return true;
        };
    }
};

bool is_long(const WirePacket& packet) {
    return (packet.payload[0] & std::byte{0x80}) != std::byte{0};
}
bool is_retry(const WirePacket& packet) {
    return (packet.payload[0] & std::byte{0xF0}) == std::byte{0xF0};
}

base::Bytes initial_of_version(std::uint32_t version, std::size_t size = 1200) {
    base::Bytes bytes(size);
    base::ByteWriter writer(bytes);
    writer.u8(0xC3);
    writer.u32(version);
    writer.u8(8);
    writer.u64(0x0102030405060708);
    writer.u8(4);
    writer.u32(0xA0B0C0D0);
    return bytes;
}

TEST(VersionNegotiation, AnUnknownVersionIsToldOurs) {
    Pair pair;
    Tap tap;
    tap.listen(pair.net, pair.server.addresses.front());
    const net::FlowAddresses seen{pair.flow().remote, pair.flow().local};
    pair.net.inject(seen, initial_of_version(0x1A2A3A4A));
    pair.net.flush();
    ASSERT_EQ(tap.packets.size(), 1U);
    const base::Bytes& answer = tap.packets[0].payload;
    EXPECT_LE(answer.size(), 3 * 1200U);
    base::ByteReader reader(answer);
    reader.u8();
    EXPECT_EQ(reader.u32(), 0U);
    EXPECT_EQ(reader.u8(), 4U);
    EXPECT_EQ(reader.u32(), 0xA0B0C0D0U);
    EXPECT_EQ(reader.u8(), 8U);
    EXPECT_EQ(reader.u64(), 0x0102030405060708U);
    std::set<std::uint32_t> versions;
    while (reader.remaining() >= 4) {
        versions.insert(reader.u32());
    }
    EXPECT_TRUE(versions.contains(1));
    EXPECT_EQ(pair.server.counters().version_negotiations_sent, 1U);
    EXPECT_EQ(pair.server.endpoint->connection_count(), 0U);
}

TEST(VersionNegotiation, QuicVersion2IsNotOurs) {
    Pair pair;
    const net::FlowAddresses seen{pair.flow().remote, pair.flow().local};
    base::Bytes packet = initial_of_version(0x6B3343CF);
    packet[0] = std::byte{0xD3};  // Initial in version 2
    base::ByteWriter rest(base::MutableBytes(packet).subspan(1 + 4 + 1 + 8 + 1 + 4));
    rest.u8(0);        // no token
    rest.u16(0x4400);  // length 1024
    pair.net.inject(seen, packet);
    EXPECT_EQ(pair.server.counters().version_negotiations_sent, 1U);
}

TEST(VersionNegotiation, SmallPacketsEarnNoAnswer) {
    Pair pair;
    const net::FlowAddresses seen{pair.flow().remote, pair.flow().local};
    pair.net.inject(seen, initial_of_version(0x1A2A3A4A, 600));
    EXPECT_EQ(pair.server.counters().version_negotiations_sent, 0U);
    EXPECT_EQ(pair.server.counters().datagrams_malformed, 1U);
}

TEST(VersionNegotiation, AListenerWithoutOurVersionEndsTheDial) {
    Pair pair;
    pair.net.filter = [&](WirePacket& packet) {
        if (packet.flow.local != pair.client.addresses.front() || !is_long(packet)) {
            return true;
        }
        // Answer for the server: "version 0x00000009 only", ids swapped (RFC 9000, 17.2.1).
        base::ByteReader in(packet.payload);
        in.take(5);
        const base::ByteView destination = in.take(in.u8());
        const base::ByteView source = in.take(in.u8());
        base::Bytes answer(64);
        base::ByteWriter out(answer);
        out.u8(0xC0);
        out.u32(0);
        out.u8(static_cast<std::uint8_t>(source.size()));
        out.bytes(source);
        out.u8(static_cast<std::uint8_t>(destination.size()));
        out.bytes(destination);
        out.u32(9);
        answer.resize(out.size());
        packet.payload = answer;
        std::swap(packet.flow.local, packet.flow.remote);
        return true;
    };
    static_cast<void>(pair.dial());
    ASSERT_TRUE(pair.net.run_until([&] { return pair.client.last<Closed>().has_value(); }));
    EXPECT_EQ(pair.client.last<Closed>()->cause, CloseCause::VersionMismatch);
}

EndpointOptions always_retry() {
    EndpointOptions options;
    options.half_open_retry_threshold = 0;
    return options;
}

TEST(Retry, IsAskedForAboveTheThresholdAndTheClientComesBack) {
    Pair pair({}, always_retry());
    Tap tap;
    tap.listen(pair.net, pair.server.addresses.front());
    pair.connect();
    EXPECT_GE(pair.server.counters().retries_sent, 1U);
    ASSERT_FALSE(tap.packets.empty());
    EXPECT_TRUE(is_retry(tap.packets.front()));
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(100)));
    pair.net.run_for(base::seconds(1));
    EXPECT_EQ(pair.server.datagrams.size(), 1U);
}

TEST(Retry, TheFirstByteOfItsConnectionIdIsOurs) {
    Pair pair({}, always_retry());
    Tap tap;
    tap.listen(pair.net, pair.server.addresses.front());
    pair.connect();
    base::ByteReader reader(tap.packets.front().payload);
    reader.take(5);
    reader.take(reader.u8());
    EXPECT_EQ(reader.u8(), kConnectionIdSize);
    EXPECT_GE(reader.u8(), 0x80U);
}

TEST(Retry, IsSparedToAClientWithATokenOfLastTime) {
    Pair pair({}, always_retry());
    pair.connect();
    ASSERT_TRUE(
        pair.net.run_until([&] { return pair.client.last<ResumptionReady>().has_value(); }));
    Resumption memory = pair.client.last<ResumptionReady>()->resumption;
    EXPECT_FALSE(memory.token.empty());
    memory.session.clear();
    const std::uint64_t before = pair.server.counters().retries_sent;
    pair.connect(&memory);
    EXPECT_EQ(pair.server.counters().retries_sent, before);
}

TEST(Retry, TokensSurviveARestartButNotADay) {
    Pair pair({}, always_retry());
    pair.connect();
    ASSERT_TRUE(
        pair.net.run_until([&] { return pair.client.last<ResumptionReady>().has_value(); }));
    Resumption memory = pair.client.last<ResumptionReady>()->resumption;
    memory.session.clear();
    pair.server.restart(100, {kWallNow.seconds + 3600});
    pair.connect(&memory);
    EXPECT_EQ(pair.server.counters().retries_sent, 0U);
    pair.server.restart(101, {kWallNow.seconds + 25 * 3600});
    ASSERT_TRUE(pair.client.endpoint->set_wall_clock({kWallNow.seconds + 25 * 3600}));
    pair.connect(&memory);
    EXPECT_GE(pair.server.counters().retries_sent, 1U);
}

TEST(Retry, ATokenOfAnotherAddressIsWorthNothing) {
    Pair pair({}, always_retry());
    pair.connect();
    ASSERT_TRUE(
        pair.net.run_until([&] { return pair.client.last<ResumptionReady>().has_value(); }));
    Resumption memory = pair.client.last<ResumptionReady>()->resumption;
    memory.session.clear();
    const std::uint64_t before = pair.server.counters().retries_sent;
    pair.client.addresses.front() = address("10.0.0.99:9000");
    pair.connect(&memory);
    EXPECT_GT(pair.server.counters().retries_sent, before);
}

TEST(Retry, ASpoiltRetryTokenIsRefusedForGood) {
    Pair pair({}, always_retry());
    pair.net.filter = [&](WirePacket& packet) {
        // Spoil the token of the client's second Initial, right after its ids.
        if (packet.flow.local == pair.client.addresses.front() && is_long(packet)) {
            base::ByteReader reader(packet.payload);
            reader.take(5);
            reader.take(reader.u8());
            reader.take(reader.u8());
            const std::size_t at = packet.payload.size() - reader.remaining();
            if ((packet.payload[at] & std::byte{0xC0}) == std::byte{0x40}) {
                packet.payload[at + 20] ^= std::byte{1};
            }
        }
        return true;
    };
    static_cast<void>(pair.dial());
    ASSERT_TRUE(pair.net.run_until([&] { return pair.client.last<Closed>().has_value(); }));
    EXPECT_EQ(pair.client.last<Closed>()->cause, CloseCause::TransportError);
    EXPECT_EQ(pair.client.last<Closed>()->peer_code, 0xBU);  // INVALID_TOKEN
    EXPECT_GT(pair.server.counters().initials_dropped, 0U);
}

TEST(StatelessReset, EndsAConnectionThatARestartedPeerHasForgotten) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    pair.server.restart(1234);
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(100)));
    ASSERT_TRUE(pair.net.run_until([&] { return pair.client.last<Closed>().has_value(); }));
    EXPECT_EQ(pair.client.last<Closed>()->cause, CloseCause::StatelessReset);
    EXPECT_EQ(pair.client.counters().stateless_resets_received, 1U);
    EXPECT_GE(pair.server.counters().stateless_resets_sent, 1U);
    EXPECT_GE(pair.server.counters().datagrams_unroutable, 1U);
    pair.connect();
}

// A dialler cannot promise a reset token for the id it starts with (RFC 9000, 18.2), so a listener
// learns of its restart by silence, or sooner by the next connection of the same node.
TEST(StatelessReset, OfADiallerIsRecognisedOnlyOnceItHasChangedItsId) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    const auto fresh = address("10.9.9.9:9000");
    pair.client.addresses.push_back(fresh);
    ASSERT_TRUE(pair.client.endpoint->migrate(pair.net.now(), pair.at_client, fresh, false));
    pair.net.run_for(base::seconds(3));
    pair.client.restart(1234);
    ASSERT_TRUE(pair.server.send(pair.at_server, make_bytes(100)));
    ASSERT_TRUE(pair.net.run_until([&] { return pair.server.last<Closed>().has_value(); }));
    EXPECT_EQ(pair.server.last<Closed>()->cause, CloseCause::StatelessReset);
}

TEST(StatelessReset, ARestartedDiallerIsOtherwiseNoticedBySilence) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    pair.client.restart(1234);
    ASSERT_TRUE(pair.server.send(pair.at_server, make_bytes(100)));
    ASSERT_TRUE(pair.net.run_until([&] { return pair.server.last<Closed>().has_value(); }));
    EXPECT_EQ(pair.server.last<Closed>()->cause, CloseCause::IdleTimeout);
}

TEST(StatelessReset, IsSmallerThanItsCauseAndRateLimited) {
    Pair pair;
    Tap tap;
    tap.listen(pair.net, pair.server.addresses.front());
    const net::FlowAddresses seen{pair.flow().remote, pair.flow().local};
    for (std::size_t size = 1; size < 100; ++size) {
        base::Bytes packet = make_bytes(size, 0xC1);
        packet[0] = std::byte{0x41};
        tap.packets.clear();
        pair.net.inject(seen, packet);
        pair.net.flush();
        for (const WirePacket& answer : tap.packets) {
            EXPECT_LT(answer.payload.size(), size);
        }
        EXPECT_EQ(tap.packets.empty(), size <= 21) << size;
    }
    for (int i = 0; i < 10'000; ++i) {
        base::Bytes packet = make_bytes(50, 0xC1);
        packet[0] = std::byte{0x41};
        pair.net.inject(seen, packet);
    }
    EXPECT_LE(pair.server.counters().stateless_resets_sent, 100U);
}

TEST(StatelessReset, IsNotSentForIdsThatCannotBeOurs) {
    Pair pair;
    const net::FlowAddresses seen{pair.flow().remote, pair.flow().local};
    base::Bytes krpc = make_bytes(80, '1');
    krpc[0] = std::byte{'d'};
    pair.net.inject(seen, krpc);
    EXPECT_EQ(pair.server.counters().stateless_resets_sent, 0U);
    EXPECT_EQ(pair.server.counters().datagrams_unroutable, 1U);
}

TEST(StatelessReset, TwoForgetfulEndpointsFallSilent) {
    Pair pair;
    pair.connect();
    pair.net.run_for(base::seconds(1));
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(1000)));
    pair.net.flush();
    pair.client.restart(1);
    pair.server.restart(2);
    const std::uint64_t before = pair.net.packets_sent;
    pair.net.run_for(base::seconds(60));
    EXPECT_LT(pair.net.packets_sent - before, 60U);
    EXPECT_EQ(pair.net.packets_in_flight(), 0U);
}

}  // namespace
}  // namespace qe::quic::testing
