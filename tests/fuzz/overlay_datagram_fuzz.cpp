// SPDX-License-Identifier: Apache-2.0
//
// One overlay datagram from a peer: what parses encodes back to the same bytes, and its packets lie
// within the payload, one behind the other.
#include <algorithm>
#include <cstdint>

#include "quicether/base/assert.h"
#include "quicether/overlay/datagram.h"
#include "quicether/overlay/packer.h"

using namespace qe;

namespace {

void walk(base::MutableBytes payload) {
    std::size_t walked = 0;
    const auto result = overlay::for_each_packet(payload, [&](base::ByteView packet) {
        QE_ASSERT(packet.data() == payload.data() + walked);
        QE_ASSERT(net::parse_packet(packet).has_value());
        walked += packet.size();
    });
    QE_ASSERT(walked + result.dropped_bytes == payload.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto input = base::from_u8(data, size);
    base::Bytes bytes(input.begin(), input.end());
    const auto parsed = overlay::parse_datagram(bytes);
    if (!parsed) {
        return 0;
    }
    QE_ASSERT(!parsed->payload.empty());
    const auto header = overlay::encode_datagram_header(parsed->header);
    QE_ASSERT(header.size + parsed->payload.size() == size);
    QE_ASSERT(std::ranges::equal(header.view(), base::ByteView(bytes).first(header.size)));
    if (parsed->header.type == overlay::DatagramType::Packets) {
        walk(parsed->payload);
    }
    return 0;
}
