// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/authority.h"

#include <algorithm>
#include <set>
#include <utility>

#include "quicether/network/renewal.h"

namespace qe::network {
namespace {

using base::ErrorCode;
using base::fail;

/// Of the revocations only as many as fit beside the rest; comparison brings the others.
constexpr std::size_t kReplyItemBytesMax = 8U << 10;

JoinRefusalKind kind_of(RedeemRefusal refusal) noexcept {
    switch (refusal) {
        case RedeemRefusal::Unknown:
            return JoinRefusalKind::UnknownInvite;
        case RedeemRefusal::Expired:
            return JoinRefusalKind::ExpiredInvite;
        case RedeemRefusal::Spent:
            return JoinRefusalKind::SpentInvite;
        case RedeemRefusal::BadProof:
            return JoinRefusalKind::BadProof;
    }
    return JoinRefusalKind::Failed;
}

JoinRefusalKind kind_of(const base::Error& error) noexcept {
    return error.code == ErrorCode::kQueueFull ? JoinRefusalKind::Full : JoinRefusalKind::Failed;
}

/// Revocations, then the admin itself: enough to trust and to reach it.
std::vector<Item> first_items(const AdminView& view) {
    std::vector<Item> items;
    std::size_t bytes = 0;
    for (const auto& [id, revocation] : view.directory.revocations()) {
        bytes += revocation.encoded.size();
        if (bytes > kReplyItemBytesMax || items.size() + 2 >= 64) {
            break;
        }
        items.push_back({ItemKind::Revocation, revocation.encoded});
    }
    const crypto::NodeId admin = crypto::node_id_of(view.admin);
    for (const ItemKind kind : {ItemKind::Certificate, ItemKind::Record}) {
        if (auto item = view.directory.item(kind, admin)) {
            items.push_back(*std::move(item));
        }
    }
    return items;
}

/// A certificate that need not be renewed yet.
bool is_fresh(const Member* member, base::UnixTime now) noexcept {
    return member != nullptr && !needs_renewal(member->facts, now);
}

}  // namespace

base::Result<std::string> unique_name(std::string_view wished, const Directory& directory,
                                      const crypto::NodeId& except) {
    QE_TRY(std::string name, normalise_name(wished));
    std::set<std::string_view> taken;
    for (const auto& [id, member] : directory.members()) {
        if (id != except) {
            taken.insert(member.attributes.name);
        }
    }
    if (!taken.contains(name)) {
        return name;
    }
    unsigned number = 2;
    while (taken.contains(numbered_name(name, number))) {
        ++number;
    }
    return numbered_name(name, number);
}

base::Result<Authority::Founding> Authority::found(const NewNetwork& network, base::UnixTime now,
                                                   base::Rng& rng) {
    crypto::Identity key = crypto::Identity::generate(rng);
    NetworkDocument document;
    QE_TRY(document.name, normalise_name(network.name));
    document.authority = key.public_key();
    document.ipv4 = network.ipv4.network();
    document.created = now;
    document.mesh = network.mesh;
    document.certificate_life = network.certificate_life;
    QE_TRY(Signed<NetworkDocument> signed_document, sign_document(key, document));
    return Founding{Authority(std::move(key)), std::move(signed_document),
                    NetworkSecret::generate(rng)};
}

base::Result<Authority> Authority::from_grant(const AdminGrant& grant,
                                              const NetworkDocument& document) {
    crypto::Identity key = crypto::Identity::from_seed(grant.authority_seed.bytes());
    if (key.public_key() != document.authority) {
        return fail(ErrorCode::kWrongIdentity, "the key is not the one of this network");
    }
    return Authority(std::move(key));
}

base::Result<base::Bytes> Authority::certify(Directory& directory, const crypto::PublicKey& member,
                                             MemberAttributes attributes, base::UnixTime now,
                                             base::Rng& rng) const {
    const crypto::NodeId id = crypto::node_id_of(member);
    QE_TRY(attributes.name, unique_name(attributes.name, directory, id));
    QE_TRY(const base::Bytes encoded, encode_attributes(attributes));
    // Later than the one before, whatever this admin's clock says, so that it replaces that one.
    std::int64_t from = now.seconds - kCertificateBackdating.count();
    if (const Member* const old = directory.find(id); old != nullptr) {
        from = std::max(from, old->facts.validity.not_before.seconds + 1);
    }
    const crypto::Validity validity{{from},
                                    {now.seconds + directory.document().certificate_life.count()}};
    QE_TRY(base::Bytes der, crypto::make_member_certificate(key_, member, encoded, validity, rng));
    const MergeOutcome outcome = directory.merge({ItemKind::Certificate, der}, now);
    if (outcome.result == MergeResult::Refused) {
        return tl::unexpected<base::Error>(outcome.refusal);
    }
    return der;
}

Authority::JoinAnswer Authority::handle_join(const JoinRequest& request,
                                             const crypto::PublicKey& joiner, const AdminView& view,
                                             base::UnixTime now, base::Rng& rng) const {
    const crypto::NodeId id = crypto::node_id_of(joiner);
    if (view.directory.is_revoked(id)) {
        return make_refusal(JoinRefusalKind::Revoked);
    }
    const auto redemption =
        view.invites.redeem({request.invite, request.proof, joiner}, view.admin, now);
    if (!redemption.terms) {
        return make_refusal(kind_of(redemption.refusal));
    }
    const Member* const member = view.directory.find(id);
    base::Bytes certificate;
    if (redemption.repeated && is_fresh(member, now)) {
        certificate = member->certificate;
    } else {
        const InviteTerms& terms = *redemption.terms;
        const bool nameless = !normalise_name(request.wished_name);
        auto made =
            certify(view.directory, joiner,
                    {nameless ? "node-" + id.short_text() : request.wished_name, terms.role,
                     member != nullptr && member->attributes.admin, terms.tags, terms.subnets},
                    now, rng);
        if (!made) {
            return make_refusal(kind_of(made.error()));
        }
        certificate = *std::move(made);
    }
    return JoinReply{std::move(certificate), view.directory.signed_document().encoded,
                     view.secret.clone(), first_items(view), view.directory.members().size()};
}

Authority::RenewAnswer Authority::handle_renew(const crypto::PublicKey& member,
                                               Directory& directory, base::UnixTime now,
                                               base::Rng& rng) const {
    const crypto::NodeId id = crypto::node_id_of(member);
    if (directory.is_revoked(id)) {
        return make_refusal(JoinRefusalKind::Revoked);
    }
    const Member* const known = directory.find(id);
    if (known == nullptr || known->facts.key != member) {
        return make_refusal(JoinRefusalKind::NotMember);
    }
    if (is_fresh(known, now)) {
        return RenewReply{known->certificate};
    }
    auto made = certify(directory, member, MemberAttributes(known->attributes), now, rng);
    if (!made) {
        return make_refusal(kind_of(made.error()));
    }
    return RenewReply{*std::move(made)};
}

base::Result<Signed<Revocation>> Authority::revoke(Directory& directory, const crypto::NodeId& node,
                                                   RevocationReason reason,
                                                   base::UnixTime now) const {
    Signed<Revocation> revocation =
        sign_revocation(key_, {node, {std::max<std::int64_t>(now.seconds, 0)}, reason});
    const MergeOutcome outcome = directory.merge({ItemKind::Revocation, revocation.encoded}, now);
    if (outcome.result == MergeResult::Refused) {
        return tl::unexpected<base::Error>(outcome.refusal);
    }
    return revocation;
}

base::Result<AdminGrant> Authority::promote(Directory& directory, const crypto::NodeId& node,
                                            base::UnixTime now, base::Rng& rng) const {
    const Member* const member = directory.find(node);
    if (member == nullptr) {
        return fail(ErrorCode::kNotFound, "no member of the network has this node id");
    }
    MemberAttributes attributes = member->attributes;
    attributes.admin = true;
    const crypto::PublicKey key = member->facts.key;
    QE_TRY(base::Bytes certificate, certify(directory, key, std::move(attributes), now, rng));
    std::array<std::byte, crypto::Identity::kSeedSize> seed{};
    const base::ByteView secret = key_.secret_seed();
    std::copy(secret.begin(), secret.end(), seed.begin());
    AdminGrant grant{std::move(certificate), SecretBytes<crypto::Identity::kSeedSize>(seed)};
    base::wipe(seed);
    return grant;
}

base::Status Authority::change(Directory& directory, NetworkDocument document) const {
    document.version = directory.document().version + 1;
    QE_TRY(const Signed<NetworkDocument> signed_document, sign_document(key_, document));
    const MergeOutcome outcome =
        directory.merge({ItemKind::Document, signed_document.encoded}, document.created);
    if (outcome.result == MergeResult::Refused) {
        return tl::unexpected<base::Error>(outcome.refusal);
    }
    return {};
}

}  // namespace qe::network
