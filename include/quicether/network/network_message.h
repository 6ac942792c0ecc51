// SPDX-License-Identifier: Apache-2.0
//
// The messages of membership, in the frame of the control stream: CBOR [type, map]
// (docs/protocol/peer.md). Types 16 … 31 are theirs.
//
// Everything here comes from an authenticated but untrusted peer: sizes are bounded, and what is
// inside as bytes is signed and judged by whoever takes it in.
#pragma once

#include <cstddef>
#include <variant>

#include "quicether/base/result.h"
#include "quicether/network/join_messages.h"
#include "quicether/network/sync_pages.h"

namespace qe::network {

inline constexpr std::size_t kNetworkMessageBytesMax = 16U << 10;

/// Move-only: some hold secrets.
using NetworkMessage = std::variant<JoinRequest, JoinReply, JoinRefusal, RenewRequest, RenewReply,
                                    AdminGrant, Digest, Summary, Wanted, News>;

/// The type number stands for one of these messages.
[[nodiscard]] bool is_network_message_type(std::uint64_t type) noexcept;

/// Lists beyond their bounds are a bug of the caller (asserted). Holds secrets if the message does:
/// wipe it.
[[nodiscard]] base::Bytes encode_network_message(const NetworkMessage& message);

/// Errors: kTooLarge, kMalformed, kUnsupported (a type of none of them).
[[nodiscard]] base::Result<NetworkMessage> parse_network_message(base::ByteView bytes);

}  // namespace qe::network
