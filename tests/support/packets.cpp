// SPDX-License-Identifier: Apache-2.0
#include "support/packets.h"

#include "quicether/base/assert.h"

namespace qe::testing {
namespace {

constexpr std::uint8_t kUdp = 17;

void write_ipv4_header(base::ByteWriter& out, const PacketShape& shape) {
    out.u8(0x45);
    out.u8(0);
    out.u16(static_cast<std::uint16_t>(shape.size));
    out.u16(0x1234);
    out.u16(shape.dont_fragment ? 0x4000 : 0);
    out.u8(shape.hop_limit);
    out.u8(kUdp);
    out.u16(0);
    out.bytes(shape.source.bytes());
    out.bytes(shape.destination.bytes());
}

void write_ipv6_header(base::ByteWriter& out, const PacketShape& shape) {
    out.u32(0x60000000);
    out.u16(static_cast<std::uint16_t>(shape.size - 40));
    out.u8(kUdp);
    out.u8(shape.hop_limit);
    out.bytes(shape.source.bytes());
    out.bytes(shape.destination.bytes());
}

void set_ipv4_checksum(base::Bytes& packet) {
    std::uint32_t sum = 0;
    base::ByteReader reader(base::ByteView(packet).first(20));
    while (reader.remaining() > 0) {
        sum += reader.u16();
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    base::ByteWriter(base::MutableBytes(packet).subspan(10, 2))
        .u16(static_cast<std::uint16_t>(~sum));
}

}  // namespace

base::Bytes make_udp_packet(const PacketShape& shape) {
    const bool v4 = shape.source.is_v4();
    const std::size_t header = v4 ? 20 : 40;
    QE_ASSERT(shape.destination.is_v4() == v4 && shape.size >= header + 8);
    base::Bytes packet(shape.size);
    base::ByteWriter out(packet);
    if (v4) {
        write_ipv4_header(out, shape);
    } else {
        write_ipv6_header(out, shape);
    }
    out.u16(1111);
    out.u16(2222);
    out.u16(static_cast<std::uint16_t>(shape.size - header));
    out.u16(0);
    for (std::uint8_t fill = shape.fill; out.room() > 0; ++fill) {
        out.u8(fill);
    }
    if (v4) {
        set_ipv4_checksum(packet);
    }
    return packet;
}

}  // namespace qe::testing
