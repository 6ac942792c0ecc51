// SPDX-License-Identifier: Apache-2.0
//
// Request lines from whoever may open the control socket: each is refused with a sentence, or means
// the same after one round trip.
#include <cstddef>
#include <cstdint>

#include "quicether/base/assert.h"
#include "quicether/base/bytes.h"
#include "quicether/control/json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace qe;  // NOLINT: a test program
    const auto request = control::parse_request(base::as_text(base::from_u8(data, size)));
    if (!request) {
        QE_ASSERT(!request.error().text.empty());
        return 0;
    }
    const std::string line = control::encode_request(*request);
    QE_ASSERT(line.find('\n') == std::string::npos);
    const auto again = control::parse_request(line);
    QE_ASSERT(again && *again == *request);
    return 0;
}
