// SPDX-License-Identifier: Apache-2.0
//
// LanMessage: the datagram by which a node says on the local network that it is there.
//
// "QELAN" and version 1 (6 bytes), NodeId (20), UDP port (2), nonce (8), MAC (16) over all before
// it under the swarm's LAN key: 52 bytes. Nothing answers it. docs/operations/discovery.md.
#pragma once

#include <array>
#include <cstdint>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/crypto/identity.h"
#include "quicether/crypto/mac.h"

namespace qe::node {

inline constexpr std::size_t kLanMessageBytes = 52;

struct LanMessage {
    crypto::NodeId id;
    std::uint16_t port = 0;  ///< Of QUIC and DHT; never 0.
    std::uint64_t nonce = 0;
    friend bool operator==(const LanMessage&, const LanMessage&) = default;
};

[[nodiscard]] base::Bytes encode_lan_message(const LanMessage& message, const crypto::MacKey& key);
/// Errors: kMalformed, kUnsupported (another version), kNotTrusted (the MAC of another swarm).
[[nodiscard]] base::Result<LanMessage> parse_lan_message(base::ByteView bytes,
                                                         const crypto::MacKey& key);

}  // namespace qe::node
