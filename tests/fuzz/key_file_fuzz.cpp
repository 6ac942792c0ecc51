// SPDX-License-Identifier: Apache-2.0
//
// The key file: whatever is accepted is written back as a file that gives the same key.
#include <cstddef>
#include <cstdint>

#include "quicether/base/assert.h"
#include "quicether/crypto/identity.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace qe;  // NOLINT: a test program
    const auto identity = crypto::parse_key_file(base::from_u8(data, size));
    if (identity) {
        const auto text = crypto::encode_key_file(*identity);
        QE_ASSERT(text.has_value());
        const auto again = crypto::parse_key_file(*text);
        QE_ASSERT(again && again->public_key() == identity->public_key());
    }
    return 0;
}
