// SPDX-License-Identifier: Apache-2.0
//
// What two nodes tell each other on the control stream of a connection.
//
// Each message is a CBOR array [type, map]; map keys are small integers, unknown keys are stepped
// over and unknown types are ignored, so a newer node may say more. On the stream each message
// stands behind a 2-byte big-endian length (message_framer.h). Field keys: docs/protocol/peer.md.
// Everything here comes from an authenticated but untrusted peer: sizes are bounded, texts cleaned,
// prefixes are claims that Entitlement judges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "quicether/base/bytes.h"
#include "quicether/base/result.h"
#include "quicether/net/ip_address.h"

namespace qe::node {

inline constexpr std::uint64_t kPeerProtocolVersion = 1;
inline constexpr std::size_t kPeerMessageBytesMax = 16U << 10;
inline constexpr std::size_t kClaimsMax = 256;   ///< Addresses or subnets in one message.
inline constexpr std::size_t kPeerTextMax = 64;  ///< Bytes of a name, role or version.
inline constexpr std::size_t kUnderlayMax = 16;  ///< Underlay addresses in one message.

/// What a node claims to own. Addresses are its own; subnets lie behind it.
struct Claims {
    std::vector<net::IpAddress> addresses;
    std::vector<net::Prefix> subnets;
    friend bool operator==(const Claims&, const Claims&) = default;
};

/// First message in both directions.
struct Hello {
    std::uint64_t version = kPeerProtocolVersion;
    std::uint64_t instance = 0;  ///< Random for each run of the daemon: tells a restart apart.
    bool supersede = false;      ///< The sender's older connections to the receiver are void.
    std::uint64_t dial_number =
        0;  ///< Counts the dialler's dials to this peer; 0 from the listener.
    std::string name;
    std::string role;
    std::string software;       ///< Version text, shown to operators only.
    std::uint16_t tun_mtu = 0;  ///< Bytes
    Claims claims;
    std::vector<net::SocketAddress> underlay;    ///< Where the sender may be dialled.
    std::optional<net::SocketAddress> observed;  ///< The receiver's address as the sender sees it.
    friend bool operator==(const Hello&, const Hello&) = default;
};

/// The sender's claims changed; replaces those of its Hello.
struct ClaimsUpdate {
    Claims claims;
    friend bool operator==(const ClaimsUpdate&, const ClaimsUpdate&) = default;
};

struct EchoRequest {
    std::uint64_t nonce = 0;
    friend bool operator==(const EchoRequest&, const EchoRequest&) = default;
};
struct EchoReply {
    std::uint64_t nonce = 0;
    friend bool operator==(const EchoReply&, const EchoReply&) = default;
};
/// A type this version does not know.
struct UnknownMessage {
    std::uint64_t type = 0;
    friend bool operator==(const UnknownMessage&, const UnknownMessage&) = default;
};

using PeerMessage = std::variant<Hello, ClaimsUpdate, EchoRequest, EchoReply, UnknownMessage>;

/// Message without the length in front. Hello and ClaimsUpdate are cut to the bounds above.
[[nodiscard]] base::Bytes encode_peer_message(const PeerMessage& message);

/// Errors: kTooLarge, kMalformed, kProtocolViolation (other version, more claims than allowed).
[[nodiscard]] base::Result<PeerMessage> parse_peer_message(base::ByteView bytes);

}  // namespace qe::node
