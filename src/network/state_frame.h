// SPDX-License-Identifier: Apache-2.0
//
// The frame of what is stored: "qe", a letter for what it is, a version, the first 8 bytes of
// SHA-256 of all the rest, and the payload. It notices damage, not malice: the file is the node's.
#pragma once

#include <cstdint>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"

namespace qe::network {

struct StateKind {
    char letter;
    std::uint8_t version;
};

[[nodiscard]] base::Bytes frame_state(StateKind kind, base::ByteView payload);
/// The payload. Errors: kMalformed, kUnsupported (a later version).
[[nodiscard]] base::Result<base::ByteView> unframe_state(StateKind kind, base::ByteView bytes);

}  // namespace qe::network
