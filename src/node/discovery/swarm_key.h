// SPDX-License-Identifier: Apache-2.0
//
// Keys that keep swarms apart: what a DHT and its LAN discovery authenticate their messages with.
//
// The key of a text is no secret when the text is none, such as the default; that of a network is.
#pragma once

#include <string_view>

#include "quicether/crypto/mac.h"

namespace qe::node {

/// The swarm of nodes that share a text; the empty text is the default.
[[nodiscard]] crypto::MacKey swarm_key_of(std::string_view text) noexcept;

/// A key for LAN discovery in the same swarm.
[[nodiscard]] crypto::MacKey lan_key_of(const crypto::MacKey& swarm) noexcept;

/// Names a swarm in state files and for operators; says nothing of its key.
using SwarmTag = std::array<std::byte, 8>;
[[nodiscard]] SwarmTag swarm_tag_of(const crypto::MacKey& swarm) noexcept;

}  // namespace qe::node
