// SPDX-License-Identifier: Apache-2.0
#include "sim/traffic/tcp_segment.h"

#include <algorithm>
#include <limits>

namespace qe::sim {
namespace {

enum Flag : std::uint8_t { kSyn = 0x02, kPush = 0x08, kAck = 0x10, kEce = 0x40, kCwr = 0x80 };
enum Option : std::uint8_t { kEnd = 0, kNop = 1, kMss = 2, kScale = 3, kSackOk = 4, kSack = 5 };

std::size_t options_bytes(const TcpSegment& segment) {
    constexpr std::size_t kSynOptions = 12;
    const std::size_t sack = segment.sacked.empty() ? 0 : 4 + 8 * segment.sacked.size();
    return (segment.mss != 0 ? kSynOptions : 0) + sack;
}

std::uint8_t flags_of(const TcpSegment& segment) {
    return static_cast<std::uint8_t>(
        (segment.syn ? kSyn : 0) | (segment.ack ? kAck : 0) | (segment.push ? kPush : 0) |
        (segment.congestion_seen ? kEce : 0) | (segment.congestion_handled ? kCwr : 0));
}

void write_options(base::ByteWriter& out, const TcpSegment& segment) {
    if (segment.mss != 0) {
        out.u8(kMss);
        out.u8(4);
        out.u16(segment.mss);
        out.u8(kNop);
        out.u8(kScale);
        out.u8(3);
        out.u8(kTcpWindowScale);
        out.u8(kNop);
        out.u8(kNop);
        out.u8(kSackOk);
        out.u8(2);
    }
    if (!segment.sacked.empty()) {
        out.u8(kNop);
        out.u8(kNop);
        out.u8(kSack);
        out.u8(static_cast<std::uint8_t>(2 + 8 * segment.sacked.size()));
        for (const TcpSegment::Block& block : segment.sacked) {
            out.u32(block.begin);
            out.u32(block.end);
        }
    }
}

bool parse_options(base::ByteView options, TcpSegment& out) {
    base::ByteReader in(options);
    while (in.remaining() > 0) {
        const std::uint8_t kind = in.u8();
        if (kind == kEnd) {
            return true;
        }
        if (kind == kNop) {
            continue;
        }
        const std::uint8_t length = in.u8();
        base::ByteReader body(in.take(length < 2 ? std::size_t{256} : length - std::size_t{2}));
        if (!in.ok()) {
            return false;
        }
        if (kind == kMss) {
            out.mss = body.u16();
        }
        while (kind == kSack && body.remaining() >= 8) {
            const std::uint32_t begin = body.u32();
            out.sacked.push_back({begin, body.u32()});
        }
    }
    return true;
}

}  // namespace

base::Bytes encode_tcp(const TcpSegment& segment) {
    constexpr std::uint32_t kWindowMax = std::numeric_limits<std::uint16_t>::max();
    const std::size_t header = kTcpHeader + options_bytes(segment);
    const std::uint32_t window = segment.syn ? segment.window : segment.window >> kTcpWindowScale;
    base::Bytes bytes(header + segment.payload.size());
    base::ByteWriter out(bytes);
    out.u16(segment.source_port);
    out.u16(segment.destination_port);
    out.u32(segment.sequence);
    out.u32(segment.acknowledged);
    out.u8(static_cast<std::uint8_t>(header / 4 << 4));
    out.u8(flags_of(segment));
    out.u16(static_cast<std::uint16_t>(std::min(window, kWindowMax)));
    out.u32(0);
    write_options(out, segment);
    out.bytes(segment.payload);
    return bytes;
}

std::optional<TcpSegment> parse_tcp(base::ByteView bytes) {
    base::ByteReader in(bytes);
    TcpSegment out;
    out.source_port = in.u16();
    out.destination_port = in.u16();
    out.sequence = in.u32();
    out.acknowledged = in.u32();
    const std::size_t header = std::size_t{4} * (in.u8() >> 4);
    const std::uint8_t flags = in.u8();
    out.syn = (flags & kSyn) != 0;
    out.ack = (flags & kAck) != 0;
    out.push = (flags & kPush) != 0;
    out.congestion_seen = (flags & kEce) != 0;
    out.congestion_handled = (flags & kCwr) != 0;
    out.window = static_cast<std::uint32_t>(in.u16()) << (out.syn ? 0 : kTcpWindowScale);
    in.u32();
    if (!in.ok() || header < kTcpHeader || !parse_options(in.take(header - kTcpHeader), out) ||
        !in.ok()) {
        return std::nullopt;
    }
    out.payload = in.rest();
    return out;
}

}  // namespace qe::sim
