// SPDX-License-Identifier: Apache-2.0
//
// A FlowQueue with a clock, and packets that tell which they are: TCP over IPv4, where the source
// port is the flow, the sequence number the place in its stream, and each payload byte follows from
// both.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "node/traffic/flow_queue.h"
#include "quicether/net/checksum.h"
#include "quicether/net/packet.h"

namespace qe::node::test {

using base::Instant;
using base::milliseconds;

inline constexpr std::size_t kHeaders = 40;
inline constexpr std::size_t kMss = 1400;
inline constexpr std::size_t kPacketMax = kMss + kHeaders;
inline constexpr std::size_t kAmple = 64U << 20;

inline std::byte stream_byte(std::uint16_t flow, std::uint32_t place) {
    return static_cast<std::byte>(flow * 37U + place * 11U + (place >> 8));
}

struct Shape {
    std::uint16_t flow = 0;
    std::size_t payload = kMss;
    std::size_t mss = 0;  ///< 0: not a super-packet.
    net::Ecn ecn = net::Ecn::NotEct;
};

inline void write_packet(base::MutableBytes packet, const Shape& shape, std::uint32_t place) {
    base::ByteWriter out(packet);
    out.u8(0x45);
    out.u8(static_cast<std::uint8_t>(shape.ecn));
    out.u16(static_cast<std::uint16_t>(packet.size()));
    out.u32(0x12344000);
    out.u8(64);
    out.u8(6);
    out.u16(0);
    out.u32(0x0a000001);
    out.u32(0x0a000002);
    base::ByteWriter(packet.subspan(10))
        .u16(net::internet_checksum(base::ByteView(packet).first(20)));
    out.u16(shape.flow);
    out.u16(443);
    out.u32(place);
    out.u32(1);
    out.u32(0x50100400);
    out.u32(0);
    for (std::size_t i = 0; out.room() > 0; ++i) {
        out.u8(std::to_integer<std::uint8_t>(
            stream_byte(shape.flow, place + static_cast<std::uint32_t>(i))));
    }
}

/// What a segment that left says of itself.
struct Left {
    std::uint16_t flow = 0;
    std::uint32_t place = 0;
    std::size_t payload = 0;
    net::Ecn ecn = net::Ecn::NotEct;

    std::size_t size() const { return kHeaders + payload; }
};

inline Left read_segment(const net::Segment& segment) {
    base::Bytes whole(segment.header.begin(), segment.header.end());
    whole.insert(whole.end(), segment.payload.begin(), segment.payload.end());
    const auto facts = net::parse_packet(whole).value();
    EXPECT_EQ(net::internet_checksum(base::ByteView(whole).first(20)), 0);
    base::ByteReader reader(base::ByteView(whole).subspan(20));
    Left left{.flow = reader.u16(), .payload = whole.size() - kHeaders, .ecn = facts.ecn};
    reader.u16();
    left.place = reader.u32();
    for (std::size_t i = 0; i < left.payload; ++i) {
        const auto place = left.place + static_cast<std::uint32_t>(i);
        if (whole[kHeaders + i] != stream_byte(left.flow, place)) {
            ADD_FAILURE() << "wrong byte " << place << " of flow " << left.flow;
            break;
        }
    }
    return left;
}

class FlowQueueTest : public testing::Test {
  protected:
    FlowQueueTest() { restart({}); }

    void restart(const FlowQueueOptions& options) {
        queue.reset();
        queue = std::make_unique<FlowQueue>(pool, options);
    }

    void push(const Shape& shape) {
        const std::size_t size = kHeaders + shape.payload;
        QueuedPacket packet{.slot = pool.take(size),
                            .size = static_cast<std::uint32_t>(size),
                            .offload = {},
                            .flow_hash = shape.flow};
        ASSERT_FALSE(packet.slot.is_null());
        write_packet(pool.bytes(packet.slot).first(size), shape, places[shape.flow]);
        places[shape.flow] += static_cast<std::uint32_t>(shape.payload);
        if (shape.mss != 0) {
            packet.offload = {.segmentation = net::Segmentation::Tcp,
                              .checksum_partial = true,
                              .segment_bytes = static_cast<std::uint16_t>(shape.mss),
                              .transport_offset = 20};
        }
        queue->push(now, packet);
    }

    std::optional<Left> pop(std::size_t packet_bytes_max = kPacketMax) {
        const auto segment = queue->pop(now, packet_bytes_max);
        return segment ? std::optional(read_segment(*segment)) : std::nullopt;
    }

    std::vector<Left> drain() {
        std::vector<Left> all;
        while (const auto left = pop()) {
            all.push_back(*left);
        }
        return all;
    }

    void pass(unsigned ms) { now = now + milliseconds(ms); }

    PacketPool pool{kAmple};
    std::unique_ptr<FlowQueue> queue;
    Instant now = Instant::from_nanoseconds(1'000'000'000);
    std::map<std::uint16_t, std::uint32_t> places;
};

/// A super-packet of whole segments.
inline Shape bulk(std::uint16_t flow, std::size_t segments = 40, net::Ecn ecn = net::Ecn::NotEct) {
    return {.flow = flow, .payload = segments * kMss, .mss = kMss, .ecn = ecn};
}

}  // namespace qe::node::test
