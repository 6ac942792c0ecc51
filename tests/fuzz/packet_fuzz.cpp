// SPDX-License-Identifier: Apache-2.0
//
// IP packets from a peer or the TUN device: whatever they hold, parsing, editing and answering stay
// within their bytes, and an edit never turns a packet into something that no longer parses.
#include <array>
#include <cstdint>

#include "quicether/base/assert.h"
#include "quicether/net/icmp.h"
#include "quicether/net/packet.h"

using namespace qe;

namespace {

void edit(base::ByteView bytes, const net::PacketFacts& facts) {
    base::Bytes packet(bytes.begin(), bytes.end());
    const bool lowered = net::decrement_hop_limit(packet);
    QE_ASSERT(lowered == (facts.hop_limit > 1));
    const bool marked = net::mark_congestion(packet);
    QE_ASSERT(marked == (facts.ecn == net::Ecn::Ect0 || facts.ecn == net::Ecn::Ect1));
    net::clamp_tcp_mss(packet, 1280);
    QE_ASSERT(!net::clamp_tcp_mss(packet, 1280));  // once is enough

    const auto again = net::parse_packet(packet);
    QE_ASSERT(again && again->flow_hash == facts.flow_hash);
    QE_ASSERT(again->hop_limit + (lowered ? 1 : 0) == facts.hop_limit);
}

void answer(base::ByteView bytes, const net::PacketFacts& facts) {
    static std::array<std::byte, net::kIcmpErrorBytesMax> out;
    const auto source = facts.family() == net::Family::V4 ? net::IpAddress::v4(0x0a000001)
                                                          : net::IpAddress::v6({std::byte{0xfd}});
    for (const auto error : {net::IcmpError::PacketTooBig, net::IcmpError::NoRoute}) {
        const auto size = net::write_icmp_error(error, bytes, source, bytes.size(), out);
        if (!size) {
            continue;
        }
        const auto packet = base::ByteView(out).first(*size);
        const auto error_facts = net::parse_packet(packet);
        QE_ASSERT(error_facts && error_facts->destination == facts.source);
        // An answer is itself never answered.
        static std::array<std::byte, net::kIcmpErrorBytesMax> second;
        QE_ASSERT(!net::write_icmp_error(error, packet, source, 0, second));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = base::from_u8(data, size);
    const auto first = net::packet_size(bytes);
    const auto facts = net::parse_packet(bytes);
    QE_ASSERT(!first || (*first >= net::kIpv4HeaderMin && *first <= size));
    QE_ASSERT(facts.has_value() == (first && *first == size));
    if (facts) {
        QE_ASSERT(facts->total_size == size && facts->header_size <= size);
        edit(bytes, *facts);
        answer(bytes, *facts);
    }
    return 0;
}
