// SPDX-License-Identifier: Apache-2.0
//
// Keys for single purposes from one shared secret: keyed BLAKE2b (RFC 7693) over a label.
//
// Whoever learns one derived key learns neither the secret nor another derived key. For secrets of
// full entropy, not for passwords. What belongs to one node alone comes from Identity::derive.
#pragma once

#include <string_view>

#include "quicether/base/bytes.h"

namespace qe::crypto {

/// `secret` has 16 … 64 bytes and `out` 16 … 64 (asserted). `label` names the purpose; `context` is
/// what else the key shall depend on. Distinct (label, context) pairs never meet.
void derive_key(base::ByteView secret, std::string_view label, base::ByteView context,
                base::MutableBytes out) noexcept;

}  // namespace qe::crypto
