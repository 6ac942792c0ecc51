// SPDX-License-Identifier: Apache-2.0
//
// The pseudo-header's sum of a packet of which only the first part is at hand.
#pragma once

#include <cstdint>

#include "quicether/base/bytes.h"

namespace qe::net {

/// begin_checksum() for a super-packet that begins with `head`: `length_bytes` of transport header
/// and data in all, below 2^16. `head` reaches beyond the checksum field.
void begin_checksum(base::MutableBytes head, std::size_t transport_offset, std::uint8_t protocol,
                    std::size_t length_bytes) noexcept;

}  // namespace qe::net
