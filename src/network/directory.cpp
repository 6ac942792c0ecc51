// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/directory.h"

#include <algorithm>
#include <utility>

namespace qe::network {
namespace {

using base::ErrorCode;

MergeOutcome refused(const base::Error& error, std::optional<crypto::NodeId> subject = {}) {
    return {MergeResult::Refused, subject, error};
}
MergeOutcome refused(ErrorCode code, std::string_view text, const crypto::NodeId& subject) {
    return refused(base::Error{code, 0, text}, subject);
}

/// Of a certificate: the one that was issued later.
Version certificate_version(const crypto::CertificateFacts& facts, base::ByteView der) noexcept {
    const std::int64_t issued = std::max<std::int64_t>(facts.validity.not_before.seconds, 0);
    return version_of(static_cast<std::uint64_t>(issued) + 1, der);
}

template <typename Map>
auto* find_in(Map& map, const crypto::NodeId& id) {
    const auto at = map.find(id);
    return at == map.end() ? nullptr : &at->second;
}

std::vector<net::Prefix> advertised(const Member& member, bool entitled) {
    std::vector<net::Prefix> subnets;
    if (member.record) {
        std::copy_if(member.record->value.subnets.begin(), member.record->value.subnets.end(),
                     std::back_inserter(subnets), [&](const net::Prefix& p) {
                         return member.attributes.is_entitled_to(p) == entitled;
                     });
    }
    return subnets;
}

}  // namespace

std::vector<net::Prefix> Member::entitled_subnets() const { return advertised(*this, true); }
std::vector<net::Prefix> Member::refused_subnets() const { return advertised(*this, false); }

Directory::Directory(Signed<NetworkDocument> document)
    : id_(document.value.id()), document_(std::move(document)) {}

MergeOutcome Directory::merge(const Item& item, base::UnixTime now) {
    switch (item.kind) {
        case ItemKind::Document:
            return merge_document(item.bytes);
        case ItemKind::Certificate:
            return merge_certificate(item.bytes, now);
        case ItemKind::Record:
            return merge_record(item.bytes);
        case ItemKind::Revocation:
            return merge_revocation(item.bytes);
    }
    return refused(base::Error{ErrorCode::kUnsupported, 0, "an item of unknown kind"});
}

MergeOutcome Directory::merge_document(base::ByteView bytes) {
    auto document = parse_document(bytes, id_);
    if (!document) {
        return refused(document.error());
    }
    if (document->version <= document_.version) {
        return {MergeResult::Known, {}, {}};
    }
    document_ = *std::move(document);
    return {MergeResult::Newer, {}, {}};
}

MergeOutcome Directory::merge_certificate(const base::Bytes& der, base::UnixTime now) {
    auto facts = crypto::verify_certificate(der, now, &document_.value.authority);
    if (!facts) {
        return refused(facts.error());
    }
    const crypto::NodeId id = facts->node_id;
    if (facts->signer != crypto::CertificateSigner::Authority) {
        return refused(ErrorCode::kNotTrusted, "the certificate is not from this network", id);
    }
    auto attributes = parse_attributes(facts->attributes);
    if (!attributes) {
        return refused(attributes.error(), id);
    }
    if (is_revoked(id)) {
        return refused(ErrorCode::kNotTrusted, "the member has been revoked", id);
    }
    Member* const old = find_in(members_, id);
    if (old == nullptr && members_.size() >= kMembersMax) {
        return refused(ErrorCode::kQueueFull, "the network has 16384 members already", id);
    }
    if (old != nullptr && old->facts.key != facts->key) {
        return refused(ErrorCode::kWrongIdentity, "another key has the same node id", id);
    }
    const Version version = certificate_version(*facts, der);
    Member member{*std::move(facts), *std::move(attributes), der, version, {}};
    if (old != nullptr && version <= old->version) {
        return {MergeResult::Known, id, {}};
    }
    const Row before = row(id);
    if (old != nullptr) {
        member.record = std::move(old->record);
        *old = std::move(member);
    } else {
        members_.emplace(id, std::move(member));
    }
    update_sums(before);
    return {old == nullptr ? MergeResult::New : MergeResult::Newer, id, {}};
}

MergeOutcome Directory::merge_record(base::ByteView bytes) {
    auto record = parse_record(bytes, id_);
    if (!record) {
        return refused(record.error());
    }
    const crypto::NodeId id = record->value.id();
    Member* const member = find_in(members_, id);
    if (member == nullptr) {
        return refused(ErrorCode::kNotFound, "the record is of no member that we know", id);
    }
    if (member->facts.key != record->value.key) {
        return refused(ErrorCode::kWrongIdentity, "another key has the same node id", id);
    }
    if (member->record && record->version <= member->record->version) {
        return {MergeResult::Known, id, {}};
    }
    const Row before = row(id);
    const bool first = !member->record;
    member->record = *std::move(record);
    update_sums(before);
    return {first ? MergeResult::New : MergeResult::Newer, id, {}};
}

MergeOutcome Directory::merge_revocation(base::ByteView bytes) {
    auto revocation = parse_revocation(bytes, document_.value.authority);
    if (!revocation) {
        return refused(revocation.error());
    }
    const crypto::NodeId id = revocation->value.node;
    const Signed<Revocation>* const old = find_in(revocations_, id);
    if (old == nullptr && revocations_.size() >= kRevocationsMax) {
        return refused(ErrorCode::kQueueFull, "4096 members have been revoked already", id);
    }
    if (old != nullptr && revocation->version <= old->version) {
        return {MergeResult::Known, id, {}};
    }
    const Row before = row(id);
    const bool first = old == nullptr;
    revocations_.insert_or_assign(id, *std::move(revocation));
    members_.erase(id);
    update_sums(before);
    return {first ? MergeResult::New : MergeResult::Newer, id, {}};
}

std::vector<crypto::NodeId> Directory::expire(base::UnixTime now) {
    std::vector<crypto::NodeId> gone;
    for (const auto& [id, member] : members_) {
        if (member.facts.validity.not_after.seconds + crypto::kClockSkewAllowed.count() <
            now.seconds) {
            gone.push_back(id);
        }
    }
    for (const crypto::NodeId& id : gone) {
        const Row before = row(id);
        members_.erase(id);
        update_sums(before);
    }
    return gone;
}

const Member* Directory::find(const crypto::NodeId& id) const { return find_in(members_, id); }

const Member* Directory::find(std::string_view name) const {
    const auto at = std::find_if(members_.begin(), members_.end(), [name](const auto& entry) {
        return entry.second.attributes.name == name;
    });
    return at == members_.end() ? nullptr : &at->second;
}

bool Directory::is_revoked(const crypto::NodeId& id) const { return revocations_.contains(id); }

Row Directory::row(const crypto::NodeId& id) const {
    Row row{id, {}, {}, {}};
    if (const Member* const member = find_in(members_, id); member != nullptr) {
        row.certificate = member->version;
        row.record = member->record ? member->record->version : Version{};
    }
    if (const auto* const revocation = find_in(revocations_, id); revocation != nullptr) {
        row.revocation = revocation->version;
    }
    return row;
}

std::vector<Row> Directory::rows(const crypto::NodeId& from, const crypto::NodeId& to,
                                 std::size_t rows_max) const {
    std::vector<Row> found;
    auto member = members_.lower_bound(from);
    auto revoked = revocations_.lower_bound(from);
    while (found.size() < rows_max) {
        const bool has_member = member != members_.end() && member->first <= to;
        const bool has_revoked = revoked != revocations_.end() && revoked->first <= to;
        if (!has_member && !has_revoked) {
            break;
        }
        // A subject is in one of the two maps only: a revoked member leaves the other.
        const bool take_member = has_member && (!has_revoked || member->first < revoked->first);
        found.push_back(row(take_member ? (member++)->first : (revoked++)->first));
    }
    return found;
}

std::optional<Item> Directory::item(ItemKind kind, const crypto::NodeId& id) const {
    const Member* const member = find_in(members_, id);
    const Signed<Revocation>* const revocation = find_in(revocations_, id);
    switch (kind) {
        case ItemKind::Document:
            return Item{kind, document_.encoded};
        case ItemKind::Certificate:
            return member == nullptr ? std::nullopt
                                     : std::optional(Item{kind, member->certificate});
        case ItemKind::Record:
            return member == nullptr || !member->record
                       ? std::nullopt
                       : std::optional(Item{kind, member->record->encoded});
        case ItemKind::Revocation:
            return revocation == nullptr ? std::nullopt
                                         : std::optional(Item{kind, revocation->encoded});
    }
    return std::nullopt;
}

}  // namespace qe::network
