// SPDX-License-Identifier: Apache-2.0
//
// What anybody on the LAN may send: parsing never fails but by Error, and what parsed is written
// the same way again.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "node/discovery/lan_message.h"
#include "node/discovery/swarm_key.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace qe;
    static const crypto::MacKey key = node::lan_key_of(node::swarm_key_of(""));
    const base::ByteView input = base::from_u8(data, size);
    if (const auto message = node::parse_lan_message(input, key)) {
        const base::Bytes again = node::encode_lan_message(*message, key);
        if (!std::equal(again.begin(), again.end(), input.begin(), input.end())) {
            std::abort();
        }
    }
    return 0;
}
