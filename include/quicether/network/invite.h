// SPDX-License-Identifier: Apache-2.0
//
// Invite: the text that an admin hands to somebody whose node shall join.
//
// "qe1-" and base32 (RFC 4648, lower case, no padding). It says which network, who admits, where to
// reach that node, and holds a secret that proves the right to join. The text is as good as a
// membership until it is used or expires: hand it over like a password.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "quicether/base/result.h"
#include "quicether/base/time.h"
#include "quicether/crypto/identity.h"
#include "quicether/crypto/mac.h"
#include "quicether/net/ip_address.h"
#include "quicether/network/network_id.h"
#include "quicether/network/network_secret.h"

namespace qe::network {

inline constexpr std::size_t kInviteEndpointsMax = 3;
/// 2106: expiry is 32 bits of seconds.
inline constexpr base::UnixTime kInviteExpiryMax{0xffff'ffff};
using InviteSecret = SecretBytes<16>;

struct Invite {
    NetworkId network;
    crypto::NodeId admin;
    InviteSecret secret;
    SwarmSeed swarm;         ///< To find the admin in the network's DHT.
    base::UnixTime expires;  ///< 0 … kInviteExpiryMax
    std::vector<net::SocketAddress> endpoints;
};

/// An address and port that an invite can carry: port not 0, no scope, no IPv4-mapped IPv6.
[[nodiscard]] bool is_invite_endpoint(const net::SocketAddress& endpoint) noexcept;

/// Names an invite without giving it away.
struct InviteId {
    static constexpr std::size_t kSize = 16;
    std::array<std::byte, kSize> bytes{};
    friend auto operator<=>(const InviteId&, const InviteId&) = default;
};
[[nodiscard]] InviteId invite_id_of(const InviteSecret& secret);

/// What proofs are made with; the admin keeps it in place of the secret.
[[nodiscard]] crypto::MacKey invite_proof_key(const InviteSecret& secret);
/// That the holder of `joiner` holds the secret, for this admin alone.
[[nodiscard]] crypto::Mac invite_proof(const crypto::MacKey& proof_key,
                                       const crypto::PublicKey& admin,
                                       const crypto::PublicKey& joiner);

/// Asserts the bounds: endpoints by number, port and scope.
[[nodiscard]] std::string encode_invite(const Invite& invite);

/// Space around the text and upper case are fine. Every error's text is a sentence for the person
/// who pasted it. Errors: kMalformed, kUnsupported (another version), kTruncated, kTooLarge,
/// kClosed (expired; compared with `now` strictly, so that a wrong clock shows here).
[[nodiscard]] base::Result<Invite> parse_invite(std::string_view text, base::UnixTime now);

}  // namespace qe::network
