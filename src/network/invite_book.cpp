// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/invite_book.h"

#include <algorithm>
#include <utility>

#include "network/fields.h"
#include "network/state_frame.h"

namespace qe::network {
namespace {

using base::ErrorCode;

constexpr StateKind kKind{'I', 1};

/// The terms are sound if a member with the longest name could have them.
base::Status check_terms(const InviteTerms& terms) {
    if (terms.uses == 0 || terms.uses > kInviteUsesMax || terms.life.count() <= 0 ||
        terms.life > kInviteLifeMax) {
        return base::fail(ErrorCode::kInvalidArgument,
                          "an invite is for 1 to 100 uses and at most 365 days");
    }
    const auto encoded = encode_attributes(
        {std::string(kNameBytesMax, 'a'), terms.role, false, terms.tags, terms.subnets});
    return encoded ? base::Status() : base::Status(base::fail(encoded));
}

enum Key : std::uint64_t {
    kIdKey = 1,
    kProofKey = 2,
    kRoleKey = 3,
    kTagsKey = 4,
    kSubnetsKey = 5,
    kUsesKey = 6,
    kLifeKey = 7,
    kExpiresKey = 8,
    kUsedByKey = 9,
};
constexpr std::uint64_t kRequired = 0b11'1111'1110;

void write(FieldWriter& out, const IssuedInvite& invite) {
    out.map(9);
    out.key(kIdKey), out.bytes(invite.id.bytes);
    out.key(kProofKey), out.bytes(invite.proof_key.bytes);
    out.key(kRoleKey), out.number(static_cast<std::uint64_t>(invite.terms.role));
    out.key(kTagsKey), out.list(invite.terms.tags, [&](const std::string& t) { out.text(t); });
    out.key(kSubnetsKey),
        out.list(invite.terms.subnets, [&](const net::Prefix& p) { out.prefix(p); });
    out.key(kUsesKey), out.number(invite.terms.uses);
    out.key(kLifeKey), out.number(static_cast<std::uint64_t>(invite.terms.life.count()));
    out.key(kExpiresKey), out.time(invite.expires);
    out.key(kUsedByKey),
        out.list(invite.used_by, [&](const crypto::PublicKey& k) { out.bytes(k.bytes); });
}

bool read_terms(FieldReader& in, std::uint64_t key, InviteTerms& terms) {
    switch (key) {
        case kRoleKey:
            terms.role = in.enumerator(MemberRole::Bootstrap);
            return true;
        case kTagsKey:
            terms.tags = in.items<std::string>(kTagsMax, [&] { return in.text(kNameBytesMax); });
            return true;
        case kSubnetsKey:
            terms.subnets = in.list(kEntitledSubnetsMax, &FieldReader::prefix);
            return true;
        case kUsesKey:
            terms.uses = in.number<std::uint32_t>();
            return true;
        case kLifeKey:
            terms.life = base::seconds(in.number<std::uint32_t>());
            return true;
        default:
            return false;
    }
}

IssuedInvite read_invite(FieldReader& in) {
    IssuedInvite invite;
    in.map(kRequired, [&](std::uint64_t key) {
        switch (key) {
            case kIdKey:
                invite.id.bytes = in.fixed<InviteId::kSize>();
                return true;
            case kProofKey:
                invite.proof_key.bytes = in.fixed<crypto::MacKey::kSize>();
                return true;
            case kExpiresKey:
                invite.expires = in.time();
                return true;
            case kUsedByKey:
                invite.used_by = in.list(kInviteUsesMax, &FieldReader::key);
                return true;
            default:
                return read_terms(in, key, invite.terms);
        }
    });
    in.require(in.ok() && invite.expires <= kInviteExpiryMax &&
               check_terms(invite.terms).has_value() && invite.used_by.size() <= invite.terms.uses);
    return invite;
}

}  // namespace

InviteBook::~InviteBook() {
    for (IssuedInvite& invite : invites_) {
        base::wipe(invite.proof_key.bytes);
    }
}

IssuedInvite* InviteBook::find(const InviteId& id) noexcept {
    const auto at = std::find_if(invites_.begin(), invites_.end(),
                                 [&id](const IssuedInvite& i) { return i.id == id; });
    return at == invites_.end() ? nullptr : &*at;
}

base::Result<Invite> InviteBook::issue(const InviteTerms& terms, const InviteOrigin& origin,
                                       base::UnixTime now, base::Rng& rng) {
    QE_TRY_STATUS(check_terms(terms));
    const base::UnixTime expires{now.seconds + terms.life.count()};
    if (expires.seconds < 0 || expires > kInviteExpiryMax) {
        return base::fail(ErrorCode::kInvalidArgument, "the clock is wrong: invites end in 2106");
    }
    expire(now);
    if (invites_.size() >= kInvitesMax) {
        return base::fail(ErrorCode::kQueueFull, "1024 invites are open: withdraw some first");
    }
    Invite invite{origin.network,       origin.admin, InviteSecret::generate(rng),
                  origin.swarm.clone(), expires,      {}};
    for (const net::SocketAddress& endpoint : origin.endpoints) {
        if (invite.endpoints.size() < kInviteEndpointsMax && is_invite_endpoint(endpoint)) {
            invite.endpoints.push_back(endpoint);
        }
    }
    invites_.push_back(
        {invite_id_of(invite.secret), invite_proof_key(invite.secret), terms, invite.expires, {}});
    return invite;
}

InviteBook::Redemption InviteBook::redeem(const Claim& claim, const crypto::PublicKey& admin,
                                          base::UnixTime now) {
    IssuedInvite* const invite = find(claim.id);
    if (invite == nullptr) {
        return {{}, RedeemRefusal::Unknown, false};
    }
    const crypto::Mac proof = invite_proof(invite->proof_key, admin, claim.joiner);
    if (!crypto::equal_secrets(proof, claim.proof)) {
        return {{}, RedeemRefusal::BadProof, false};
    }
    if (invite->expires < now) {
        return {{}, RedeemRefusal::Expired, false};
    }
    auto& used_by = invite->used_by;
    if (std::find(used_by.begin(), used_by.end(), claim.joiner) != used_by.end()) {
        return {invite->terms, {}, true};
    }
    if (used_by.size() >= invite->terms.uses) {
        return {{}, RedeemRefusal::Spent, false};
    }
    used_by.push_back(claim.joiner);
    return {invite->terms, {}, false};
}

bool InviteBook::withdraw(const InviteId& id) {
    return std::erase_if(invites_, [&id](const IssuedInvite& i) { return i.id == id; }) > 0;
}

bool InviteBook::expire(base::UnixTime now) {
    return std::erase_if(invites_, [now](const IssuedInvite& i) {
               return i.expires.seconds + kInviteKept.count() < now.seconds;
           }) > 0;
}

base::Bytes InviteBook::encode() const {
    base::Bytes payload;
    FieldWriter out(payload);
    out.list(invites_, [&](const IssuedInvite& invite) { write(out, invite); });
    base::Bytes framed = frame_state(kKind, payload);
    base::wipe(payload);
    return framed;
}

base::Result<InviteBook> InviteBook::decode(base::ByteView bytes) {
    QE_TRY(const base::ByteView payload, unframe_state(kKind, bytes));
    FieldReader in(payload);
    InviteBook book;
    book.invites_ = in.items<IssuedInvite>(kInvitesMax, [&in] { return read_invite(in); });
    if (!in.finished()) {
        return base::fail(ErrorCode::kMalformed, "the stored invites are malformed");
    }
    return book;
}

}  // namespace qe::network
