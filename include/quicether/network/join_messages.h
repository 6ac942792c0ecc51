// SPDX-License-Identifier: Apache-2.0
//
// What a joining or renewing node and an admin say to each other, over a session whose TLS has
// authenticated both keys: the joiner checks the admin's NodeId against the invite, the admin uses
// the joiner's key as it is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "quicether/network/directory.h"
#include "quicether/network/invite.h"

namespace qe::network {

inline constexpr std::size_t kSentenceBytesMax = 200;

struct JoinRequest {
    InviteId invite;
    crypto::Mac proof{};  ///< invite_proof()
    std::string wished_name;
    friend bool operator==(const JoinRequest&, const JoinRequest&) = default;
};

/// All a member needs to begin; the rest of the directory comes by comparison (sync_pages.h).
struct JoinReply {
    base::Bytes certificate;
    base::Bytes document;
    NetworkSecret secret;
    std::vector<Item> items;    ///< Revocations first, then the admin's certificate and record.
    std::uint64_t members = 0;  ///< Of the network, the new one included; at most kMembersMax.
    friend bool operator==(const JoinReply&, const JoinReply&) = default;
};

enum class JoinRefusalKind : std::uint8_t {
    NotAdmin,
    UnknownInvite,
    ExpiredInvite,
    SpentInvite,
    BadProof,
    Revoked,
    NotMember,
    Full,
    Failed,
};
struct JoinRefusal {
    JoinRefusalKind kind = JoinRefusalKind::Failed;
    std::string sentence;  ///< For a human; printable ASCII, anything else was made '_'.
    friend bool operator==(const JoinRefusal&, const JoinRefusal&) = default;
};
[[nodiscard]] JoinRefusal make_refusal(JoinRefusalKind kind);

/// A member asks for a new certificate over the key that TLS authenticated.
struct RenewRequest {
    friend bool operator==(const RenewRequest&, const RenewRequest&) = default;
};
struct RenewReply {
    base::Bytes certificate;
    friend bool operator==(const RenewReply&, const RenewReply&) = default;
};

/// Makes its receiver an admin: its new certificate, and the authority's secret.
struct AdminGrant {
    base::Bytes certificate;
    SecretBytes<crypto::Identity::kSeedSize> authority_seed;
    friend bool operator==(const AdminGrant&, const AdminGrant&) = default;
};

}  // namespace qe::network
