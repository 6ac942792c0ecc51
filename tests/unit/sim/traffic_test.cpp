// SPDX-License-Identifier: Apache-2.0
#include <deque>

#include <gtest/gtest.h>

#include "sim/traffic/flow.h"
#include "sim/traffic/flow_record.h"
#include "sim/traffic/ip_packet.h"
#include "sim/traffic/pattern.h"
#include "sim/traffic/rto.h"
#include "sim/traffic/tcp_receiver.h"
#include "sim/traffic/tcp_segment.h"
#include "sim/traffic/tcp_sender.h"
#include "small_world.h"

namespace qe::sim {
namespace {

using base::Duration;
using base::Instant;
using base::milliseconds;
using base::seconds;

constexpr std::size_t kMss = 1400;

Instant at(Duration since) { return Instant::from_nanoseconds(1'000'000'000) + since; }

IpHeader header_of(net::Family family, std::uint8_t protocol) {
    const bool v4 = family == net::Family::V4;
    return {*net::parse_ip_address(v4 ? "100.64.0.1" : "fd00::1"),
            *net::parse_ip_address(v4 ? "100.64.0.2" : "fd00::2"), protocol, net::Ecn::Ect0};
}

TEST(IpPacket, OpensAgainWithAllProtocolsAndFamilies) {
    base::Bytes segment(31);
    fill_pattern(segment, 7, 0);
    for (const auto family : {net::Family::V4, net::Family::V6}) {
        for (const std::uint8_t protocol : {net::kProtocolTcp, net::kProtocolUdp, kProtocolIcmp6}) {
            const IpHeader header = header_of(family, protocol);
            const base::Bytes packet = make_ip_packet(header, segment);
            const auto opened = open_ip_packet(packet);
            ASSERT_TRUE(opened.has_value());
            EXPECT_EQ(opened->facts.source, header.source);
            EXPECT_EQ(opened->facts.destination, header.destination);
            EXPECT_EQ(opened->facts.ecn, net::Ecn::Ect0);
            EXPECT_EQ(opened->segment.size(), segment.size());
        }
    }
}

TEST(IpPacket, RefusesEverySingleFlippedBit) {
    base::Bytes segment(40);
    fill_pattern(segment, 7, 0);
    base::Bytes packet = make_ip_packet(header_of(net::Family::V4, net::kProtocolUdp), segment);
    for (std::size_t i = 0; i < packet.size(); ++i) {
        packet[i] ^= std::byte{4};
        EXPECT_FALSE(open_ip_packet(packet).has_value()) << "byte " << i;
        packet[i] ^= std::byte{4};
    }
}

TEST(Pattern, TellsAlteredDisplacedAndForeignBytes) {
    base::Bytes bytes(100);
    fill_pattern(bytes, 5, 13);
    EXPECT_TRUE(is_pattern(bytes, 5, 13));
    EXPECT_FALSE(is_pattern(bytes, 5, 14));
    EXPECT_FALSE(is_pattern(bytes, 6, 13));
    EXPECT_EQ(bytes[3], pattern_byte(5, 16));
    bytes[99] ^= std::byte{1};
    EXPECT_FALSE(is_pattern(bytes, 5, 13));
}

TEST(TcpSegment, SurvivesEncoding) {
    base::Bytes payload(17);
    TcpSegment segment;
    segment.source_port = 5000;
    segment.destination_port = 5001;
    segment.sequence = 0xfffffff0;
    segment.acknowledged = 77;
    segment.ack = segment.congestion_seen = true;
    segment.window = 5U << kTcpWindowScale;
    segment.sacked = {{1, 2}, {30, 40}};
    segment.payload = payload;
    const base::Bytes bytes = encode_tcp(segment);
    const auto parsed = parse_tcp(bytes);
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->sequence, segment.sequence);
    EXPECT_EQ(parsed->acknowledged, 77U);
    EXPECT_TRUE(parsed->ack && parsed->congestion_seen);
    EXPECT_FALSE(parsed->syn || parsed->congestion_handled);
    EXPECT_EQ(parsed->window, segment.window);
    EXPECT_EQ(parsed->sacked, segment.sacked);
    EXPECT_EQ(parsed->payload.size(), 17U);
    EXPECT_FALSE(parse_tcp(base::ByteView(bytes).first(30)).has_value());
}

TEST(TcpSegment, UnwrapsAroundTheEndOfTheNumbers) {
    constexpr std::uint64_t kTurn = std::uint64_t{1} << 32;
    EXPECT_EQ(unwrap_sequence(5, kTurn - 10), kTurn + 5);
    EXPECT_EQ(unwrap_sequence(0xfffffffb, kTurn + 3), kTurn - 5);
    EXPECT_EQ(unwrap_sequence(9, 4), 9U);
}

TEST(Rto, FollowsTheRoundTripAndBacksOff) {
    Rto rto;
    EXPECT_EQ(rto.timeout(), seconds(1));
    for (int i = 0; i < 50; ++i) {
        rto.add_sample(milliseconds(100));
    }
    EXPECT_EQ(rto.timeout(), milliseconds(300));
    rto.on_timeout();
    rto.on_timeout();
    EXPECT_EQ(rto.timeout(), milliseconds(1200));
    rto.add_sample(milliseconds(100));
    EXPECT_EQ(rto.timeout(), milliseconds(300));
}

TEST(TcpReceiver, PutsRangesInOrderAndNamesTheLatestFirst) {
    TcpReceiver receiver;
    EXPECT_EQ(receiver.handle({0, 10}), 10U);
    EXPECT_EQ(receiver.handle({20, 30}), 0U);
    EXPECT_EQ(receiver.handle({40, 50}), 0U);
    EXPECT_TRUE(receiver.urgent());
    const TcpAck ack = receiver.take_ack(3);
    EXPECT_EQ(ack.upto, 10U);
    EXPECT_EQ(ack.sacked, (std::vector<StreamRange>{{40, 50}, {20, 30}}));
    EXPECT_FALSE(receiver.pending());
    EXPECT_EQ(receiver.handle({5, 40}), 40U);
    EXPECT_EQ(receiver.handle({5, 40}), 0U);
    EXPECT_EQ(receiver.take_ack(3).upto, 50U);
}

/// One bottleneck with a drop-tail queue between a sender and a receiver.
struct Bottleneck {
    double bytes_per_second = 50e6 / 8;
    Duration one_way = milliseconds(20);
    double queue_bytes = 128 * 1024;
    std::uint64_t drop_every = 0;  ///< Beyond the queue's drops; 0: none.

    struct Arrival {
        Instant when;
        StreamRange range;
    };
    struct Answer {
        Instant when;
        TcpAck ack;
    };
    std::deque<Arrival> arrivals;
    std::deque<Answer> answers;
    Instant free_at = at(Duration(0));
    std::uint64_t sent = 0;

    void send(Instant now, const StreamRange& range) {
        ++sent;
        free_at = std::max(free_at, now);
        const double waiting =
            std::chrono::duration<double>(free_at - now).count() * bytes_per_second;
        if (waiting > queue_bytes || (drop_every != 0 && sent % drop_every == 0)) {
            return;
        }
        free_at = free_at + Duration(static_cast<std::int64_t>(static_cast<double>(range.size()) /
                                                               bytes_per_second * 1e9));
        arrivals.push_back({free_at + one_way, range});
    }
};

/// Bytes in order at the receiver after `duration`.
std::uint64_t transfer(TcpSender& sender, Bottleneck& way, Duration duration) {
    TcpReceiver receiver;
    std::uint64_t delivered = 0;
    const Instant end = at(duration);
    for (Instant now = at(Duration(0)); now < end; now = now + base::microseconds(200)) {
        while (!way.arrivals.empty() && way.arrivals.front().when <= now) {
            delivered += receiver.handle(way.arrivals.front().range);
            way.arrivals.pop_front();
            if (receiver.urgent()) {
                way.answers.push_back({now + way.one_way, receiver.take_ack(3)});
            }
        }
        while (!way.answers.empty() && way.answers.front().when <= now) {
            sender.handle_ack(now, way.answers.front().ack);
            way.answers.pop_front();
        }
        if (sender.next_deadline() <= now) {
            sender.handle_timeout(now);
        }
        while (const auto range = sender.poll(now, 1)) {
            way.send(now, *range);
        }
    }
    return delivered;
}

class TcpSenderTest : public testing::TestWithParam<TcpControl> {};

TEST_P(TcpSenderTest, FillsABottleneckOfHalfABandwidthDelayProduct) {
    TcpSender sender(GetParam(), kMss, 0);
    Bottleneck way;
    const std::uint64_t delivered = transfer(sender, way, seconds(30));
    const double share = static_cast<double>(delivered) / (30 * way.bytes_per_second);
    EXPECT_GT(share, 0.8);
    EXPECT_LE(share, 1.0);
    EXPECT_GT(sender.retransmissions(), 0U);
    EXPECT_EQ(sender.timeouts(), 0U);
}

TEST_P(TcpSenderTest, SlowsDownUnderRandomLossButLosesNothing) {
    TcpSender sender(GetParam(), kMss, 20'000'000);
    Bottleneck way;
    way.drop_every = 100;
    const std::uint64_t delivered = transfer(sender, way, seconds(120));
    EXPECT_EQ(delivered, 20'000'000U);
    EXPECT_TRUE(sender.finished());
    EXPECT_GE(sender.retransmissions(), 20'000'000 / kMss / 100);
}

INSTANTIATE_TEST_SUITE_P(Controls, TcpSenderTest,
                         testing::Values(TcpControl::Cubic, TcpControl::Reno));

TEST(TcpSender, HalvesOnceForAMarkOfEachWindow) {
    TcpSender sender(TcpControl::Reno, 1000, 0);
    const Instant now = at(Duration(0));
    while (sender.poll(now, 1)) {
    }
    EXPECT_EQ(sender.in_flight(), 10'000U);
    sender.handle_ack(now + milliseconds(10), {1000, {}, 1U << 20, true});
    EXPECT_EQ(sender.window().bytes(), 5000U);
    EXPECT_TRUE(sender.take_window_reduced());
    sender.handle_ack(now + milliseconds(11), {2000, {}, 1U << 20, true});
    EXPECT_EQ(sender.window().bytes(), 5000U);
    EXPECT_FALSE(sender.take_window_reduced());
}

TEST(FlowRecord, JudgesASpanByWhatWasSentInIt) {
    FlowRecord record;
    for (int i = 0; i < 10; ++i) {
        const Instant sent = at(seconds(i));
        record.probes.push_back({sent, i == 4 ? Instant::never() : sent + milliseconds(10 + i)});
    }
    EXPECT_DOUBLE_EQ(record.delivery({at(seconds(0)), at(seconds(10))}), 0.9);
    EXPECT_DOUBLE_EQ(record.delivery({at(seconds(5)), at(seconds(10))}), 1.0);
    const auto delays = record.delays({at(seconds(0)), at(seconds(10))});
    EXPECT_EQ(percentile(delays, 0.5), milliseconds(15));
    EXPECT_EQ(percentile(delays, 0.99), milliseconds(19));
    EXPECT_EQ(record.longest_gap({at(seconds(2)), at(seconds(7))}), seconds(2) + milliseconds(2));
}

TEST(FlowRecord, AveragesGoodputOverTheSpan) {
    FlowRecord record;
    record.add_delivered(at(milliseconds(50)), 1000);
    record.add_delivered(at(milliseconds(1050)), 3000);
    EXPECT_DOUBLE_EQ(record.goodput_bps({at(seconds(0)), at(seconds(2))}), 16'000);
    EXPECT_DOUBLE_EQ(record.goodput_bps({at(seconds(1)), at(seconds(2))}), 24'000);
    EXPECT_EQ(record.delivered_bytes, 4000U);
}

TEST(ReliableFlow, MakesNoSuperPacketThatIpCannotHold) {
    test::SmallWorld world;
    for (const char* name : {"alice", "bob"}) {
        HostOptions host = test::host_in(name, "north");
        host.config.network.mtu = 9000;
        host.tun_offloads = {true, true, true};
        ASSERT_TRUE(world.add_host(host).has_value());
    }
    world.know_each_other();
    world.start_all();
    ASSERT_TRUE(world.wait_connected(0, 1));
    FlowOptions options;
    options.kind = FlowKind::Tcp;
    options.to = 1;
    options.port = 20'000;
    options.start = world.elapsed();
    options.bytes = std::uint64_t{1} << 20;
    options.super_packets = true;
    const auto flow = make_flow(world, options);
    flow->arm();
    world.run_for(base::seconds(20));
    EXPECT_TRUE(flow->record().finished.has_value());
    EXPECT_EQ(flow->record().altered, 0U);
}

}  // namespace
}  // namespace qe::sim
