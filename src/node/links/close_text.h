// SPDX-License-Identifier: Apache-2.0
//
// Words for operators about why a connection ended and whom it was with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/peer.h"
#include "quicether/quic/types.h"

namespace qe::node {

/// One clause, no full stop: "the peer refused us: we are not on its list".
[[nodiscard]] std::string close_text(const quic::Closed& event);

/// "" or " (17 more like this)".
[[nodiscard]] std::string held_back_text(std::uint64_t held_back);

/// "alice (0123456789ab)" or just the short id.
[[nodiscard]] std::string describe(const Peer& peer);
/// Why segmentation offload is off on the path to `who`; the shares lost are 0 to 1.
[[nodiscard]] std::string offload_text(std::string_view who, double burst_loss, double single_loss);

}  // namespace qe::node
