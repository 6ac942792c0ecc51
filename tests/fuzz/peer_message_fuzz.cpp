// SPDX-License-Identifier: Apache-2.0
//
// Peer messages from an authenticated but hostile peer: parsing never fails but by Error, and what
// parsed encodes and parses again to the same message. The first byte cuts the stream into pieces
// for the framer.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "node/links/message_framer.h"
#include "node/links/peer_message.h"

namespace {

using namespace qe;

void check_round_trip(base::ByteView message) {
    const auto parsed = node::parse_peer_message(message);
    if (!parsed || std::holds_alternative<node::UnknownMessage>(*parsed)) {
        return;
    }
    const auto again = node::parse_peer_message(node::encode_peer_message(*parsed));
    if (!again || *again != *parsed) {
        std::abort();
    }
}

void check_stream(base::ByteView stream, std::size_t piece) {
    node::MessageFramer framer;
    while (!stream.empty()) {
        const std::size_t size = std::min(piece, stream.size());
        if (!framer.handle_bytes(stream.first(size))) {
            return;
        }
        stream = stream.subspan(size);
        for (auto message = framer.poll_message();; message = framer.poll_message()) {
            if (!message) {
                return;
            }
            if (!*message) {
                break;
            }
            check_round_trip(**message);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const base::ByteView input = base::from_u8(data, size);
    check_round_trip(input);
    if (size > 1) {
        check_stream(input.subspan(1), std::size_t{data[0]} + 1);
    }
    return 0;
}
