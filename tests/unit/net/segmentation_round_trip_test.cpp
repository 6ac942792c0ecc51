// SPDX-License-Identifier: Apache-2.0
//
// Random flows through cutter and coalescer: every flow's bytes arrive, in order, checksums hold.
//
// What a receiver sees is modelled from the frames alone: the checksum of the whole frame is
// completed and checked, its payload appended to what the flow has received, and UDP's datagrams
// are told apart by segment_bytes.
#include <map>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"
#include "quicether/net/coalescer.h"
#include "quicether/net/packet.h"
#include "transport_builder.h"

namespace qe::net {
namespace {

using base::Bytes;
using base::ByteView;

constexpr std::size_t kFlows = 12;  // more than the coalescer keeps open

/// One sender: TCP or UDP, IPv4 or IPv6, with what it has sent and what has arrived.
struct Flow {
    bool is_tcp = false;
    test::PacketOptions options;
    std::uint16_t port = 0;
    std::uint32_t first_sequence = 0;
    std::size_t sent = 0;
    std::uint16_t next_id = 0;
    std::vector<std::size_t> datagrams;  ///< UDP: sizes sent.
    Bytes arrived;
    std::vector<std::size_t> arrived_datagrams;

    [[nodiscard]] std::uint16_t offset() const {
        return test::ip(options.source).is_v4() ? 20 : 40;
    }
    [[nodiscard]] std::uint8_t protocol() const {
        return is_tcp ? test::kTcpNumber : test::kUdpNumber;
    }
};

class SegmentationRoundTrip : public testing::Test {
  protected:
    SegmentationRoundTrip() {
        for (std::size_t i = 0; i < kFlows; ++i) {
            Flow& flow = flows_[i];
            flow.is_tcp = i % 3 != 0;
            flow.options = i % 2 == 0 ? test::PacketOptions{} : test::ipv6_options();
            flow.options.fragment_word = i % 4 == 0 ? 0x4000 : 0;
            flow.port = static_cast<std::uint16_t>(100 + i);
            flow.first_sequence = static_cast<std::uint32_t>(rng_.u64());
        }
    }

    /// A packet or super-packet of the flow, its segments put behind `queue`.
    void send(Flow& flow, std::vector<Bytes>& queue) {
        const std::size_t mss = 1 + rng_.below(1400);
        const std::size_t size = 1 + rng_.below(rng_.below(3) == 0 ? 60 * mss : mss);
        const std::size_t payload = std::min<std::size_t>(size, 60'000);
        const Bytes data = test::stream_bytes(flow.sent, payload);
        auto packet =
            flow.is_tcp ? make_tcp(flow, data) : test::make_udp(flow.options, flow.port, data);
        if (flow.offset() == 20) {
            test::set_id(packet, flow.next_id);
        }
        const bool is_super = payload > mss;
        Offload offload{Segmentation::None, true, 0, flow.offset()};
        if (is_super) {
            offload.segmentation = flow.is_tcp ? Segmentation::Tcp : Segmentation::Udp;
            offload.segment_bytes = static_cast<std::uint16_t>(mss);
        }
        auto cutter = SegmentCutter::make(packet, offload).value();
        while (!cutter.done()) {
            const auto segment = cutter.next(200 + rng_.below(1300));
            EXPECT_TRUE(segment.checksum_partial);
            queue.push_back(test::joined(segment));
            ++flow.next_id;
        }
        for (std::size_t left = payload; !flow.is_tcp && left > 0;) {
            flow.datagrams.push_back(std::min(left, is_super ? mss : payload));
            left -= flow.datagrams.back();
        }
        flow.sent += payload;
    }

    Bytes make_tcp(const Flow& flow, ByteView data) {
        test::TcpFields fields;
        fields.source_port = flow.port;
        fields.sequence = flow.first_sequence + static_cast<std::uint32_t>(flow.sent);
        fields.flags = rng_.below(4) == 0 ? 0x18 : 0x10;
        return test::make_tcp(flow.options, fields, data);
    }

    /// All queues into the coalescer, in turns of random length, each queue in order.
    void merge(std::array<std::vector<Bytes>, kFlows>& queues, const Lane& lane) {
        std::array<std::size_t, kFlows> next{};
        for (;;) {
            std::vector<std::size_t> waiting;
            for (std::size_t i = 0; i < kFlows; ++i) {
                if (next[i] != queues[i].size()) {
                    waiting.push_back(i);
                }
            }
            if (waiting.empty()) {
                return;
            }
            const std::size_t flow = waiting[rng_.below(waiting.size())];
            for (auto turn = 1 + rng_.below(8); turn > 0 && next[flow] != queues[flow].size();
                 --turn) {
                Bytes& packet = queues[flow][next[flow]++];
                ASSERT_TRUE(coalescer_.add(lane, packet, parse_packet(packet).value(), true));
            }
        }
    }

    /// What a host does with one packet whose checksum must hold.
    static void receive(ByteView packet, Flow& flow) {
        const std::size_t transport = flow.offset();
        ASSERT_TRUE(test::checksums_hold(packet, transport, flow.protocol()));
        std::size_t header = transport + 8;
        if (flow.is_tcp) {
            header = transport + std::to_integer<std::size_t>(packet[transport + 12] >> 4) * 4;
            ASSERT_EQ(test::u32_at(packet, transport + 4),
                      flow.first_sequence + static_cast<std::uint32_t>(flow.arrived.size()));
        } else {
            ASSERT_EQ(test::u16_at(packet, transport + 4), packet.size() - transport);
        }
        const ByteView payload = packet.subspan(header);
        flow.arrived.insert(flow.arrived.end(), payload.begin(), payload.end());
    }

    void receive_frame(const Coalescer::Frame& frame) {
        Bytes bytes;
        for (const auto part : frame.frame.parts) {
            bytes.insert(bytes.end(), part.begin(), part.end());
        }
        const auto facts = parse_packet(bytes);
        ASSERT_TRUE(facts);
        Flow& flow = flows_.at(facts->source_port - 100U);
        const auto& offload = frame.frame.offload;
        EXPECT_EQ(frame.packets > 1, offload.segmentation != Segmentation::None);
        if (offload.checksum_partial) {
            EXPECT_EQ(offload.transport_offset, flow.offset());
            complete_checksum(bytes, flow.offset(), flow.protocol());
        }
        receive(bytes, flow);
        if (!flow.is_tcp) {
            std::size_t left = bytes.size() - flow.offset() - 8;
            const std::size_t size = offload.segment_bytes == 0 ? left : offload.segment_bytes;
            for (; left > 0; left -= std::min(left, size)) {
                flow.arrived_datagrams.push_back(std::min(left, size));
            }
        }
    }

    void run(const TunOffloads& takes) {
        for (int round = 0; round < 20; ++round) {
            std::array<std::vector<Bytes>, kFlows> queues;
            for (std::size_t i = 0; i < kFlows; ++i) {
                for (auto packets = rng_.below(4); packets > 0; --packets) {
                    send(flows_[i], queues[i]);
                }
            }
            coalescer_.clear();
            merge(queues, {1, takes});
            for (const auto& frame : coalescer_.frames()) {
                packets_ += frame.packets;
                ++frames_;
                receive_frame(frame);
            }
        }
        for (const Flow& flow : flows_) {
            EXPECT_GT(flow.sent, 0U);
            EXPECT_EQ(flow.arrived, test::stream_bytes(0, flow.sent)) << flow.port;
            EXPECT_EQ(flow.arrived_datagrams, flow.datagrams) << flow.port;
        }
    }

    base::Rng rng_{base::Rng::Seed{}};
    std::array<Flow, kFlows> flows_;
    Coalescer coalescer_;
    std::size_t packets_ = 0;
    std::size_t frames_ = 0;
};

TEST_F(SegmentationRoundTrip, KeepsEveryByteInOrder) {
    run({true, true, true});
    EXPECT_GT(packets_, 2 * frames_);
}

TEST_F(SegmentationRoundTrip, KeepsEveryByteWhenOnlyTcpIsMerged) {
    run({true, true, false});
    EXPECT_GT(packets_, frames_);
}

TEST_F(SegmentationRoundTrip, KeepsEveryByteWhenNothingIsMerged) {
    run({true, false, false});
    EXPECT_EQ(packets_, frames_);
}

TEST_F(SegmentationRoundTrip, KeepsEveryByteWhenTheTakerWantsChecksums) {
    run({});
    EXPECT_EQ(packets_, frames_);
}

}  // namespace
}  // namespace qe::net
