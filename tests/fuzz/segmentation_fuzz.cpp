// SPDX-License-Identifier: Apache-2.0
//
// Whatever an offload says of a packet, cutting stays within it and loses no byte; what comes of it
// parses, and merging it, together with the rest of the input as packets of a peer, keeps all
// bytes.
//
// Input: segmentation, checksum_partial, segment_bytes (2), transport_offset (2), the largest
// packet on the path (2), the lane's offloads; then IP packets back to back, the first of them the
// cut one.
#include <cstdint>
#include <list>

#include "quicether/base/assert.h"
#include "quicether/net/coalescer.h"
#include "quicether/net/packet.h"
#include "quicether/net/segment_cutter.h"

using namespace qe;

namespace {

struct Packet {
    base::Bytes bytes;
    bool checksum_partial = false;
};

struct Input {
    net::Offload offload;
    std::size_t packet_bytes_max = 0;
    net::TunOffloads takes;
    bool partial = false;
};

Input read_input(base::ByteReader& reader) {
    Input input;
    input.offload.segmentation = static_cast<net::Segmentation>(reader.u8() % 3);
    input.offload.checksum_partial = reader.u8() % 2 != 0;
    input.offload.segment_bytes = reader.u16();
    input.offload.transport_offset = reader.u16();
    input.packet_bytes_max = reader.u16();
    const auto bits = reader.u8();
    const bool checksum = (bits & 1) != 0;
    input.takes = {checksum, checksum && (bits & 2) != 0, checksum && (bits & 4) != 0};
    input.partial = (bits & 8) != 0;
    return input;
}

void cut(base::ByteView packet, const Input& input, std::list<Packet>& packets) {
    auto cutter = net::SegmentCutter::make(packet, input.offload);
    if (!cutter) {
        return;
    }
    std::size_t payload = 0;
    std::size_t header = 0;
    while (!cutter->done()) {
        const bool fits = cutter->next_fits(input.packet_bytes_max);
        const net::Segment segment = cutter->next(input.packet_bytes_max);
        QE_ASSERT(fits == (segment.size() <= input.packet_bytes_max));
        QE_ASSERT(!segment.payload.empty() || !segment.header.empty());
        header = segment.header.size();
        payload += segment.payload.size();
        auto& bytes = packets.emplace_back(Packet{{}, segment.checksum_partial}).bytes;
        bytes.assign(segment.header.begin(), segment.header.end());
        bytes.insert(bytes.end(), segment.payload.begin(), segment.payload.end());
        QE_ASSERT(net::parse_packet(bytes));
    }
    QE_ASSERT(header + payload == packet.size());
}

void check_frame(const net::Coalescer::Frame& frame, const net::TunOffloads& takes) {
    base::Bytes bytes;
    for (const auto part : frame.frame.parts) {
        bytes.insert(bytes.end(), part.begin(), part.end());
    }
    const auto& offload = frame.frame.offload;
    QE_ASSERT(bytes.size() == frame.frame.size && frame.packets == frame.frame.parts.size());
    QE_ASSERT(net::parse_packet(bytes));
    QE_ASSERT(takes.checksum || !offload.checksum_partial);
    QE_ASSERT(takes.tcp || offload.segmentation != net::Segmentation::Tcp);
    QE_ASSERT(takes.udp || offload.segmentation != net::Segmentation::Udp);
    QE_ASSERT((frame.packets > 1) == (offload.segmentation != net::Segmentation::None));
    if (frame.packets > 1) {  // cutting is the inverse
        auto cutter = net::SegmentCutter::make(bytes, offload);
        QE_ASSERT(cutter);
        for (std::size_t i = 0; i < frame.packets; ++i) {
            const std::size_t first = i == 0 ? bytes.size() - cutter->rest() : 0;
            QE_ASSERT(cutter->next(net::kPacketBytesMax).payload.size() + first ==
                      frame.frame.parts[i].size());
        }
        QE_ASSERT(cutter->done());
    }
}

void merge(std::list<Packet>& packets, const net::TunOffloads& takes) {
    static net::Coalescer coalescer;
    coalescer.clear();
    std::size_t taken = 0;
    for (auto& packet : packets) {
        const auto facts = net::parse_packet(packet.bytes);
        taken += coalescer.add({1, takes}, packet.bytes, *facts, packet.checksum_partial) ? 1U : 0U;
    }
    std::size_t merged = 0;
    for (const auto& frame : coalescer.frames()) {
        merged += frame.packets;
        check_frame(frame, takes);
    }
    QE_ASSERT(merged == taken);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    base::ByteReader reader(base::from_u8(data, size));
    const Input input = read_input(reader);
    std::list<Packet> packets;
    bool is_first = true;
    for (auto rest = reader.rest(); !rest.empty() && packets.size() < 1000; is_first = false) {
        const auto packet_size = net::packet_size(rest);
        if (!packet_size) {
            break;
        }
        const auto packet = rest.first(*packet_size);
        if (is_first) {
            cut(packet, input, packets);
        } else {
            packets.push_back({base::Bytes(packet.begin(), packet.end()), input.partial});
        }
        rest = rest.subspan(*packet_size);
    }
    merge(packets, input.takes);
    return 0;
}
