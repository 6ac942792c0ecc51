// SPDX-License-Identifier: Apache-2.0
//
// InviteBook: the invites that one admin has issued, and who has used them.
//
// Keeps no secrets but the keys that check proofs. One-time use survives a restart only if the
// owner stores encode() before it answers a joiner. A joiner whose answer was lost may redeem again
// with the same key as long as the invite lives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "quicether/base/result.h"
#include "quicether/base/rng.h"
#include "quicether/network/invite.h"
#include "quicether/network/member_attributes.h"

namespace qe::network {

inline constexpr std::size_t kInvitesMax = 1024;
inline constexpr std::uint32_t kInviteUsesMax = 100;
inline constexpr base::seconds kInviteLifeDefault{24 * 3600};
inline constexpr base::seconds kInviteLifeMax{365 * 24 * 3600};
/// How long an expired invite is remembered, so that its holder is told so.
inline constexpr base::seconds kInviteKept{24 * 3600};

/// What an invite grants to each node that uses it.
struct InviteTerms {
    MemberRole role = MemberRole::Full;
    std::vector<std::string> tags;
    std::vector<net::Prefix> subnets;
    std::uint32_t uses = 1;  ///< 1 … kInviteUsesMax
    base::seconds life = kInviteLifeDefault;
    friend bool operator==(const InviteTerms&, const InviteTerms&) = default;
};

/// What an invite says of the network and its admin.
struct InviteOrigin {
    NetworkId network;
    crypto::NodeId admin;
    const SwarmSeed& swarm;
    std::vector<net::SocketAddress> endpoints;  ///< The first few that an invite can carry.
};

enum class RedeemRefusal : std::uint8_t { Unknown, Expired, Spent, BadProof };

struct IssuedInvite {
    InviteId id;
    crypto::MacKey proof_key;
    InviteTerms terms;
    base::UnixTime expires;
    std::vector<crypto::PublicKey> used_by;
};

class InviteBook {
  public:
    InviteBook() = default;
    ~InviteBook();
    InviteBook(InviteBook&&) noexcept = default;
    InviteBook& operator=(InviteBook&&) noexcept = default;
    InviteBook(const InviteBook&) = delete;
    InviteBook& operator=(const InviteBook&) = delete;

    /// Errors: kInvalidArgument (terms or time out of their bounds), kTooLarge (terms that fit into
    /// no certificate), kQueueFull (kInvitesMax are open).
    [[nodiscard]] base::Result<Invite> issue(const InviteTerms& terms, const InviteOrigin& origin,
                                             base::UnixTime now, base::Rng& rng);

    /// The proof of a node whose key TLS has authenticated.
    struct Claim {
        InviteId id;
        crypto::Mac proof{};
        crypto::PublicKey joiner;
    };
    struct Redemption {
        std::optional<InviteTerms> terms;  ///< Absent: refused.
        RedeemRefusal refusal = RedeemRefusal::Unknown;
        bool repeated = false;  ///< The joiner has redeemed it before; no further use is taken.
    };
    /// `admin` is the key of the node that answers. Takes one use of the invite.
    [[nodiscard]] Redemption redeem(const Claim& claim, const crypto::PublicKey& admin,
                                    base::UnixTime now);

    /// False when there is no such invite.
    bool withdraw(const InviteId& id);
    /// Drops what expired kInviteKept ago; true if anything was dropped.
    bool expire(base::UnixTime now);
    [[nodiscard]] const std::vector<IssuedInvite>& invites() const noexcept { return invites_; }

    /// With keys: to be stored like a private key.
    [[nodiscard]] base::Bytes encode() const;
    /// Errors: kMalformed (also a wrong checksum), kUnsupported.
    [[nodiscard]] static base::Result<InviteBook> decode(base::ByteView bytes);

  private:
    [[nodiscard]] IssuedInvite* find(const InviteId& id) noexcept;

    std::vector<IssuedInvite> invites_;  ///< In the order of issue.
};

}  // namespace qe::network
