// SPDX-License-Identifier: Apache-2.0
//
// Directory: the sums that find differences, and the state file.
#include <algorithm>

#include "network/fields.h"
#include "network/state_frame.h"
#include "quicether/crypto/digest.h"
#include "quicether/network/directory.h"

namespace qe::network {
namespace {

using base::ErrorCode;

constexpr StateKind kKind{'D', 1};
constexpr std::size_t kItemsMax = 1 + 2 * kMembersMax + kRevocationsMax;

bool is_empty(const Row& row) noexcept { return row == Row{row.id, {}, {}, {}}; }

/// 0 for a row without anything in it, so that it counts as absent.
std::uint64_t sum_of(const Row& row) noexcept {
    if (is_empty(row)) {
        return 0;
    }
    std::array<std::byte, crypto::NodeId::kSize + 3 * 12> bytes{};
    base::ByteWriter out(bytes);
    out.bytes(row.id.bytes);
    for (const Version& version : {row.certificate, row.record, row.revocation}) {
        out.u64(version.order);
        out.u32(version.tag);
    }
    const crypto::Sha256Digest digest = crypto::sha256(bytes);
    return base::ByteReader(digest).u64();
}

/// What was well when it was stored and may have ceased to be.
bool may_be_left_out(const MergeOutcome& outcome) noexcept {
    const ErrorCode code = outcome.refusal.code;
    return outcome.result != MergeResult::Refused || code == ErrorCode::kCertificateExpired ||
           code == ErrorCode::kCertificateNotYetValid || code == ErrorCode::kNotFound;
}

}  // namespace

void Directory::update_sums(const Row& before) {
    std::uint64_t& sum = sums_[std::to_integer<std::size_t>(before.id.bytes[0])];
    sum ^= sum_of(before) ^ sum_of(row(before.id));
}

base::Bytes Directory::encode() const {
    base::Bytes payload;
    FieldWriter out(payload);
    std::size_t records = 0;
    for (const auto& [id, member] : members_) {
        records += member.record ? 1U : 0U;
    }
    out.array(1 + members_.size() + records + revocations_.size());
    const auto write = [&out](ItemKind kind, const base::Bytes& bytes) {
        out.array(2);
        out.number(static_cast<std::uint64_t>(kind));
        out.bytes(bytes);
    };
    write(ItemKind::Document, document_.encoded);
    for (const auto& [id, revocation] : revocations_) {
        write(ItemKind::Revocation, revocation.encoded);
    }
    for (const auto& [id, member] : members_) {
        write(ItemKind::Certificate, member.certificate);
        if (member.record) {
            write(ItemKind::Record, member.record->encoded);
        }
    }
    return frame_state(kKind, payload);
}

base::Result<Directory> Directory::decode(base::ByteView bytes, const NetworkId& network,
                                          base::UnixTime now) {
    QE_TRY(const base::ByteView payload, unframe_state(kKind, bytes));
    FieldReader in(payload);
    const std::vector<Item> items = in.items<Item>(kItemsMax, [&in] {
        in.array(2);
        const auto kind = in.enumerator(ItemKind::Revocation);
        return Item{kind, in.bytes(crypto::kCertificateBytesMax)};
    });
    if (!in.finished() || items.empty() || items.front().kind != ItemKind::Document) {
        return base::fail(ErrorCode::kMalformed, "the stored directory is malformed");
    }
    QE_TRY(Signed<NetworkDocument> document, parse_document(items.front().bytes, network));
    Directory directory(std::move(document));
    for (const Item& item : items) {
        if (!may_be_left_out(directory.merge(item, now))) {
            return base::fail(ErrorCode::kMalformed, "the stored directory does not verify");
        }
    }
    return directory;
}

}  // namespace qe::network
