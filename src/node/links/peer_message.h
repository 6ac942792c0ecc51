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
    /// Random for each session of the sender with the receiver: when it changes, the sender has
    /// forgotten what went before, and its numbers begin anew.
    std::uint64_t session = 0;
    bool supersede = false;  ///< The sender's older connections to the receiver are void.
    std::uint64_t dial_number =
        0;  ///< Counts the dialler's dials to this peer; 0 from the listener.
    std::string name;
    std::string role;
    std::string software;       ///< Version text, shown to operators only.
    std::uint16_t tun_mtu = 0;  ///< Bytes
    Claims claims;
    std::vector<net::SocketAddress> underlay;  ///< Where the sender may be dialled.
    /// The uplink of this connection at the sender's end, and those of its `underlay` addresses, in
    /// that order: numbers of the sender's choosing, the same in all its Hellos. 0: the sender uses
    /// one path at a time, or does not know.
    std::uint32_t uplink = 0;
    std::vector<std::uint32_t> underlay_uplinks;
    /// Of the sender's uplink: 0 carries traffic, a higher number waits for the lower ones to fail.
    std::uint32_t reserve = 0;
    /// The sender keeps one link of the session only, whichever uplinks it is between.
    bool single = false;
    std::optional<net::SocketAddress> observed;  ///< The receiver's address as the sender sees it.
    friend bool operator==(const Hello&, const Hello&) = default;
};

/// The sender's claims changed; replaces those of its Hello.
struct ClaimsUpdate {
    Claims claims;
    friend bool operator==(const ClaimsUpdate&, const ClaimsUpdate&) = default;
};

/// The sender's underlay addresses changed; replaces those of its Hellos.
struct AddressUpdate {
    std::vector<net::SocketAddress> underlay;
    std::vector<std::uint32_t> underlay_uplinks;
    friend bool operator==(const AddressUpdate&, const AddressUpdate&) = default;
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

using PeerMessage =
    std::variant<Hello, ClaimsUpdate, AddressUpdate, EchoRequest, EchoReply, UnknownMessage>;

/// Message without the length in front. What is longer than the bounds above is cut.
[[nodiscard]] base::Bytes encode_peer_message(const PeerMessage& message);

/// Errors: kTooLarge, kMalformed, kProtocolViolation (other version, more claims than allowed).
[[nodiscard]] base::Result<PeerMessage> parse_peer_message(base::ByteView bytes);

}  // namespace qe::node
