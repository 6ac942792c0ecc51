// SPDX-License-Identifier: Apache-2.0
//
// Reply lines from whatever listens where the daemon should: each is refused with a sentence, or
// means the same after one round trip.
#include <cstddef>
#include <cstdint>

#include "quicether/base/assert.h"
#include "quicether/base/bytes.h"
#include "quicether/control/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace qe;  // NOLINT: a test program
    const auto reply = control::parse_reply(base::as_text(base::from_u8(data, size)));
    if (!reply) {
        QE_ASSERT(!reply.error().text.empty());
        return 0;
    }
    const std::string line = control::encode_reply(*reply);
    QE_ASSERT(line.find('\n') == std::string::npos);
    const auto again = control::parse_reply(line);
    QE_ASSERT(again && *again == *reply);
    return 0;
}
