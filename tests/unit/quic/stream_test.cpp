// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "quic/stream_table.h"
#include "test_net.h"

namespace qe::quic::testing {
namespace {

base::Bytes pattern(std::size_t size) {
    base::Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) {
        bytes[i] = static_cast<std::byte>(i * 31 + (i >> 8));
    }
    return bytes;
}

TEST(Streams, CarryBytesBothWaysAndTheirEnd) {
    Pair pair;
    pair.connect();
    const auto stream = pair.client.endpoint->open_stream(pair.at_client);
    ASSERT_TRUE(stream);
    const base::Bytes question = pattern(100);
    const base::Bytes answer = pattern(200);
    ASSERT_TRUE(pair.client.endpoint->write_stream(pair.at_client, *stream, question, true));
    pair.net.run_for(base::seconds(1));
    EXPECT_EQ(pair.server.stream_bytes(pair.at_server, *stream), question);
    EXPECT_TRUE(pair.server.last<StreamData>()->fin);
    ASSERT_TRUE(pair.server.endpoint->write_stream(pair.at_server, *stream, answer, true));
    pair.net.run_for(base::seconds(1));
    EXPECT_EQ(pair.client.stream_bytes(pair.at_client, *stream), answer);
    EXPECT_TRUE(pair.client.last<StreamData>()->fin);
}

TEST(Streams, BigTransferArrivesWholeDespiteLoss) {
    Pair pair;
    pair.connect();
    std::uint64_t counter = 0;
    pair.net.filter = [&](WirePacket&) { return ++counter % 29 != 0; };
    const auto stream = pair.client.endpoint->open_stream(pair.at_client);
    const base::Bytes all = pattern(3U << 20);
    std::size_t written = 0;
    const auto feed = [&] {
        while (written < all.size()) {
            const std::size_t size = std::min<std::size_t>(16'384, all.size() - written);
            const auto piece = base::ByteView(all).subspan(written, size);
            const auto status = pair.client.endpoint->write_stream(pair.at_client, *stream, piece,
                                                                   written + size == all.size());
            if (!status) {
                EXPECT_EQ(status.error().code, base::ErrorCode::kQueueFull);
                return;
            }
            written += size;
        }
    };
    ASSERT_TRUE(pair.net.run_until(
        [&] {
            feed();
            const auto news = pair.server.last<StreamData>();
            return news && news->fin;
        },
        base::seconds(300)));
    EXPECT_EQ(pair.server.stream_bytes(pair.at_server, *stream), all);
}

TEST(Streams, ASlowReaderHoldsOneWindowAtMost) {
    EndpointOptions options;
    options.stream_window_bytes = 20'000;
    Pair pair(options, options);
    pair.connect();
    pair.server.fetch_events = false;
    const auto stream = pair.client.endpoint->open_stream(pair.at_client);
    const base::Bytes all = pattern(100'000);
    ASSERT_TRUE(pair.client.endpoint->write_stream(pair.at_client, *stream, all));
    pair.net.run_for(base::seconds(3));
    while (auto event = pair.server.endpoint->poll_event()) {
        pair.server.events.push_back(std::move(*event));
    }
    ASSERT_EQ(pair.server.all<StreamData>().size(), 1U);
    EXPECT_EQ(pair.server.last<StreamData>()->bytes.size(), 20'000U);
    pair.server.fetch_events = true;
    pair.net.run_for(base::seconds(3));
    EXPECT_EQ(pair.server.stream_bytes(pair.at_server, *stream), all);
}

TEST(Streams, DatagramsFlowWhileAStreamWaitsForCredit) {
    EndpointOptions options;
    options.stream_window_bytes = 2'000;
    Pair pair(options, options);
    pair.connect();
    pair.server.fetch_events = false;
    for (int i = 0; i < 6; ++i) {
        const auto stream = pair.client.endpoint->open_stream(pair.at_client);
        ASSERT_TRUE(pair.client.endpoint->write_stream(pair.at_client, *stream, pattern(4000)));
    }
    pair.net.run_for(base::seconds(1));
    ASSERT_TRUE(pair.client.send(pair.at_client, make_bytes(500)));
    pair.net.run_for(base::seconds(1));
    EXPECT_EQ(pair.server.datagrams.size(), 1U);
}

TEST(Streams, SendQueueIsBounded) {
    EndpointOptions options;
    options.stream_send_bytes_max = 5'000;
    Pair pair(options);
    pair.connect();
    const auto stream = pair.client.endpoint->open_stream(pair.at_client);
    ASSERT_TRUE(pair.client.endpoint->write_stream(pair.at_client, *stream, pattern(4'000)));
    const auto refused =
        pair.client.endpoint->write_stream(pair.at_client, *stream, pattern(2'000));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::ErrorCode::kQueueFull);
    pair.net.run_for(base::seconds(1));
    EXPECT_TRUE(pair.client.endpoint->write_stream(pair.at_client, *stream, pattern(2'000)));
}

TEST(Streams, ResetReachesThePeer) {
    Pair pair;
    pair.connect();
    const auto stream = pair.client.endpoint->open_stream(pair.at_client);
    ASSERT_TRUE(pair.client.endpoint->write_stream(pair.at_client, *stream, pattern(10)));
    pair.net.run_for(base::seconds(1));
    pair.client.endpoint->reset_stream(pair.at_client, *stream, 7);
    pair.net.run_for(base::seconds(1));
    const auto news = pair.server.last<StreamData>();
    ASSERT_TRUE(news);
    EXPECT_TRUE(news->reset);
    EXPECT_FALSE(pair.client.endpoint->write_stream(pair.at_client, *stream, pattern(1)));
    // STOP_SENDING went with it: the other direction is dead as well.
    static_cast<void>(
        pair.server.endpoint->write_stream(pair.at_server, *stream, pattern(10), true));
    pair.net.run_for(base::seconds(1));
    EXPECT_TRUE(pair.client.all<Closed>().empty());
    EXPECT_TRUE(pair.server.all<Closed>().empty());
}

TEST(Streams, ThePeersLimitIsRespectedAndGrowsAsStreamsClose) {
    Pair pair;
    pair.connect();
    std::vector<StreamId> open;
    while (const auto stream = pair.client.endpoint->open_stream(pair.at_client)) {
        open.push_back(*stream);
        ASSERT_LE(open.size(), StreamTable::kStreamsMax);
    }
    EXPECT_EQ(open.size(), StreamTable::kStreamsMax);
    for (const StreamId stream : open) {
        ASSERT_TRUE(pair.client.endpoint->write_stream(pair.at_client, stream, pattern(10), true));
    }
    pair.net.run_for(base::seconds(1));
    for (const StreamId stream : open) {
        ASSERT_TRUE(pair.server.endpoint->write_stream(pair.at_server, stream, pattern(10), true));
    }
    pair.net.run_for(base::seconds(1));
    EXPECT_TRUE(pair.client.endpoint->open_stream(pair.at_client));
}

TEST(Streams, ManyAtOnceShareTheConnection) {
    Pair pair;
    pair.connect();
    const base::Bytes text = pattern(30'000);
    std::vector<StreamId> open;
    for (int i = 0; i < 10; ++i) {
        open.push_back(*pair.client.endpoint->open_stream(pair.at_client));
        ASSERT_TRUE(pair.client.endpoint->write_stream(pair.at_client, open.back(), text, true));
    }
    pair.net.run_for(base::seconds(5));
    for (const StreamId stream : open) {
        EXPECT_EQ(pair.server.stream_bytes(pair.at_server, stream), text);
    }
}

TEST(Streams, UnknownStreamsAreAnError) {
    Pair pair;
    pair.connect();
    const auto status = pair.client.endpoint->write_stream(pair.at_client, 400, pattern(1));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, base::ErrorCode::kNotFound);
    pair.client.endpoint->reset_stream(pair.at_client, 400, 0);
    const auto none = pair.client.endpoint->open_stream({});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, base::ErrorCode::kNoSuchConnection);
}

TEST(StreamSender, KeepsBytesUntilTheyAreAcknowledged) {
    StreamSender sender;
    const base::Bytes one = pattern(100);
    const base::Bytes two = pattern(50);
    sender.append(one, false);
    sender.append(two, true);
    EXPECT_EQ(sender.unsent_bytes(), 150U);
    StreamSender::Vectors vectors{};
    ASSERT_EQ(sender.unsent(vectors), 2U);
    sender.on_sent(120, false);
    EXPECT_EQ(sender.held_bytes(), 150U);
    ASSERT_EQ(sender.unsent(vectors), 1U);
    EXPECT_EQ(vectors[0].len, 30U);
    sender.on_acknowledged(110);
    EXPECT_EQ(sender.held_bytes(), 40U);
    ASSERT_EQ(sender.unsent(vectors), 1U);
    EXPECT_EQ(base::from_u8(vectors[0].base, 1)[0], two[20]);
    sender.on_sent(30, true);
    EXPECT_FALSE(sender.has_unsent());
    sender.on_acknowledged(40);
    EXPECT_EQ(sender.held_bytes(), 0U);
}

TEST(StreamSender, ABareEndIsStillToBeSent) {
    StreamSender sender;
    sender.append({}, true);
    EXPECT_TRUE(sender.has_unsent());
    StreamSender::Vectors vectors{};
    EXPECT_EQ(sender.unsent(vectors), 0U);
    sender.on_sent(0, true);
    EXPECT_FALSE(sender.has_unsent());
}

}  // namespace
}  // namespace qe::quic::testing
