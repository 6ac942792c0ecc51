// SPDX-License-Identifier: Apache-2.0
//
// The one rule about a single fragment, shared by parser and reassembler.
#pragma once

#include <cstddef>

#include "quicether/overlay/datagram.h"

namespace qe::overlay {

/// True when a piece of `size` bytes lies within its packet and is not all of it.
[[nodiscard]] constexpr bool is_possible_fragment(const FragmentFields& fields,
                                                  std::size_t size) noexcept {
    return size != 0 && size < fields.total && fields.offset <= fields.total - size;
}

}  // namespace qe::overlay
