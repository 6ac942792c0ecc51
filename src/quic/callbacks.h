// SPDX-License-Identifier: Apache-2.0
//
// Callbacks: what ngtcp2 tells a Connection, gathered in one place.
//
// Each callback is noexcept and only appends to the connection's state (or to the counters, tables
// and arena of its context); none calls ngtcp2 back except where ngtcp2's guide asks for it.
#pragma once

#include <ngtcp2/ngtcp2.h>

namespace qe::quic {

[[nodiscard]] const ngtcp2_callbacks& client_callbacks() noexcept;
[[nodiscard]] const ngtcp2_callbacks& server_callbacks() noexcept;

}  // namespace qe::quic
