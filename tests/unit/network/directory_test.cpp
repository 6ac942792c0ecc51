// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/directory.h"

#include <algorithm>

#include "network_fixture.h"

namespace qe::network {
namespace {

using base::ErrorCode;
using test::kNow;
using test::must;
using test::prefix;

class DirectoryTest : public test::NetworkTest {
  protected:
    MergeOutcome merge(ItemKind kind, const base::Bytes& bytes) {
        return directory_.merge({kind, bytes}, kNow);
    }
    MergeOutcome merge_record(const crypto::Identity& node, std::uint64_t sequence) {
        return directory_.merge(record_item(node, record_of(node, sequence)), kNow);
    }

    Directory directory_ = new_directory();
    crypto::Identity alice_ = new_identity();
    crypto::Identity bob_ = new_identity();
};

TEST_F(DirectoryTest, TakesInMembersAndTheirRecords) {
    certify(directory_, alice_, "alice");
    const Member* const alice = directory_.find(alice_.node_id());
    ASSERT_NE(alice, nullptr);
    EXPECT_EQ(alice->attributes.name, "alice");
    EXPECT_FALSE(alice->record);
    EXPECT_EQ(merge_record(alice_, 5).result, MergeResult::New);
    EXPECT_EQ(directory_.find("alice")->record->value.sequence, 5U);
    EXPECT_EQ(directory_.find("bob"), nullptr);
}

TEST_F(DirectoryTest, KeepsTheNewestRecordWhateverTheOrder) {
    certify(directory_, alice_, "alice");
    EXPECT_EQ(merge_record(alice_, 5).result, MergeResult::New);
    EXPECT_EQ(merge_record(alice_, 5).result, MergeResult::Known);
    EXPECT_EQ(merge_record(alice_, 4).result, MergeResult::Known);
    EXPECT_EQ(merge_record(alice_, 6).result, MergeResult::Newer);
    EXPECT_EQ(directory_.find("alice")->record->value.sequence, 6U);
}

TEST_F(DirectoryTest, TwoRecordsUnderOneSequenceEndAlikeEverywhere) {
    const base::Bytes certificate = certify(directory_, alice_, "alice");
    Directory other = new_directory();
    other.merge({ItemKind::Certificate, certificate}, kNow);
    NodeRecord changed = record_of(alice_, 5);
    changed.capabilities = 1;
    const Item one = record_item(alice_, record_of(alice_, 5));
    const Item two = record_item(alice_, changed);
    directory_.merge(one, kNow);
    directory_.merge(two, kNow);
    other.merge(two, kNow);
    other.merge(one, kNow);
    EXPECT_EQ(directory_.item(ItemKind::Record, alice_.node_id()),
              other.item(ItemKind::Record, alice_.node_id()));
    EXPECT_EQ(directory_.sums(), other.sums());
}

TEST_F(DirectoryTest, RefusesStrangers) {
    const MergeOutcome record = merge_record(bob_, 1);
    EXPECT_EQ(record.refusal.code, ErrorCode::kNotFound);
    EXPECT_EQ(record.subject, bob_.node_id());
    const crypto::Validity validity{{kNow.seconds - 1}, {kNow.seconds + 1000}};
    const base::Bytes own = must(crypto::make_self_signed_certificate(bob_, validity, rng_));
    EXPECT_EQ(merge(ItemKind::Certificate, own).refusal.code, ErrorCode::kNotTrusted);
    const auto other = must(Authority::found({"other"}, kNow, rng_));
    Directory others(other.document);
    const base::Bytes theirs = must(other.authority.certify(
        others, bob_.public_key(), {"bob", MemberRole::Full, false, {}, {}}, kNow, rng_));
    EXPECT_EQ(merge(ItemKind::Certificate, theirs).refusal.code, ErrorCode::kNotTrusted);
    EXPECT_TRUE(directory_.members().empty());
}

TEST_F(DirectoryTest, RefusesRubbishOfEveryKind) {
    for (const ItemKind kind :
         {ItemKind::Document, ItemKind::Certificate, ItemKind::Record, ItemKind::Revocation}) {
        const MergeOutcome outcome = merge(kind, base::Bytes(100, std::byte{0x42}));
        EXPECT_EQ(outcome.result, MergeResult::Refused);
        EXPECT_FALSE(outcome.refusal.text.empty());
        EXPECT_FALSE(outcome.is_news());
    }
}

TEST_F(DirectoryTest, RenewedCertificateReplacesTheOldOneAndKeepsTheRecord) {
    const base::Bytes old = certify(directory_, alice_, "alice");
    merge_record(alice_, 5);
    const base::Bytes renewed = certify(directory_, alice_, "queen");
    EXPECT_EQ(directory_.find("alice"), nullptr);
    ASSERT_NE(directory_.find("queen"), nullptr);
    EXPECT_TRUE(directory_.find("queen")->record);
    EXPECT_EQ(merge(ItemKind::Certificate, old).result, MergeResult::Known);
    EXPECT_EQ(merge(ItemKind::Certificate, renewed).result, MergeResult::Known);
}

TEST_F(DirectoryTest, RevokedMembersGoAndStayAway) {
    const base::Bytes certificate = certify(directory_, alice_, "alice");
    merge_record(alice_, 5);
    const auto revocation = must(
        founding_.authority.revoke(directory_, alice_.node_id(), RevocationReason::Removed, kNow));
    EXPECT_TRUE(directory_.is_revoked(alice_.node_id()));
    EXPECT_EQ(directory_.find(alice_.node_id()), nullptr);
    EXPECT_EQ(merge(ItemKind::Certificate, certificate).refusal.code, ErrorCode::kNotTrusted);
    EXPECT_EQ(merge_record(alice_, 6).refusal.code, ErrorCode::kNotFound);
    EXPECT_EQ(merge(ItemKind::Revocation, revocation.encoded).result, MergeResult::Known);
}

TEST_F(DirectoryTest, RevocationsOfSeveralAdminsAddUp) {
    Directory other = new_directory();
    const auto one = must(
        founding_.authority.revoke(directory_, alice_.node_id(), RevocationReason::Removed, kNow));
    const auto two =
        must(founding_.authority.revoke(other, bob_.node_id(), RevocationReason::Left, kNow));
    EXPECT_EQ(merge(ItemKind::Revocation, two.encoded).result, MergeResult::New);
    EXPECT_EQ(other.merge({ItemKind::Revocation, one.encoded}, kNow).result, MergeResult::New);
    EXPECT_EQ(directory_.revocations().size(), 2U);
    EXPECT_EQ(directory_.sums(), other.sums());
}

TEST_F(DirectoryTest, ForgedRevocationIsRefused) {
    certify(directory_, alice_, "alice");
    const auto forged = sign_revocation(bob_, {alice_.node_id(), kNow, RevocationReason::Removed});
    EXPECT_EQ(merge(ItemKind::Revocation, forged.encoded).refusal.code, ErrorCode::kBadSignature);
    EXPECT_NE(directory_.find("alice"), nullptr);
}

TEST_F(DirectoryTest, HoldsABoundedNumberOfRevocations) {
    for (std::size_t i = 0; i < kRevocationsMax; ++i) {
        crypto::NodeId id;
        base::ByteWriter(id.bytes).u32(static_cast<std::uint32_t>(i));
        EXPECT_TRUE(founding_.authority.revoke(directory_, id, RevocationReason::Removed, kNow));
    }
    EXPECT_EQ(
        founding_.authority.revoke(directory_, alice_.node_id(), RevocationReason::Removed, kNow)
            .error()
            .code,
        ErrorCode::kQueueFull);
}

TEST_F(DirectoryTest, ExpiredMembersLeaveAndCannotComeBack) {
    const base::Bytes certificate = certify(directory_, alice_, "alice");
    const base::UnixTime end = directory_.find("alice")->facts.validity.not_after;
    EXPECT_TRUE(directory_.expire({end.seconds + 300}).empty());
    const base::UnixTime late{end.seconds + 301};
    EXPECT_EQ(directory_.expire(late), std::vector{alice_.node_id()});
    EXPECT_EQ(directory_.find("alice"), nullptr);
    EXPECT_EQ(directory_.sums(), new_directory().sums());
    EXPECT_EQ(directory_.merge({ItemKind::Certificate, certificate}, late).refusal.code,
              ErrorCode::kCertificateExpired);
}

TEST_F(DirectoryTest, NewerDocumentReplacesTheOlder) {
    NetworkDocument changed = directory_.document();
    changed.mesh = MeshMode::Full;
    ASSERT_TRUE(founding_.authority.change(directory_, changed));
    EXPECT_EQ(directory_.document().version, 2U);
    EXPECT_EQ(directory_.document().mesh, MeshMode::Full);
    EXPECT_EQ(merge(ItemKind::Document, founding_.document.encoded).result, MergeResult::Known);
    EXPECT_EQ(directory_.document().version, 2U);
}

TEST_F(DirectoryTest, TellsEntitledSubnetsFromOthers) {
    certify(directory_, alice_, "alice", {prefix("10.1.0.0/16")});
    NodeRecord record = record_of(alice_, 1);
    record.subnets = {prefix("10.1.2.0/24"), prefix("10.2.0.0/16"), prefix("0.0.0.0/0")};
    directory_.merge(record_item(alice_, record), kNow);
    const Member& alice = *directory_.find("alice");
    EXPECT_EQ(alice.entitled_subnets(), std::vector{prefix("10.1.2.0/24")});
    EXPECT_EQ(alice.refused_subnets(), (std::vector{prefix("10.2.0.0/16"), prefix("0.0.0.0/0")}));
}

TEST_F(DirectoryTest, OfTwoMembersWithOneNameTheSmallerIdIsFound) {
    Directory other = new_directory();  // of an admin that has not heard of alice
    certify(directory_, alice_, "box");
    directory_.merge({ItemKind::Certificate, certify(other, bob_, "box")}, kNow);
    EXPECT_EQ(directory_.members().size(), 2U);
    EXPECT_EQ(directory_.find("box")->facts.node_id, std::min(alice_.node_id(), bob_.node_id()));
}

TEST_F(DirectoryTest, ComesBackFromItsStateFile) {
    certify(directory_, alice_, "alice");
    certify(directory_, bob_, "bob");
    merge_record(alice_, 5);
    must(founding_.authority.revoke(directory_, new_identity().node_id(),
                                    RevocationReason::KeyCompromised, kNow));
    const base::Bytes stored = directory_.encode();
    const auto again = Directory::decode(stored, id_, kNow);
    ASSERT_TRUE(again) << again.error().text;
    EXPECT_EQ(again->sums(), directory_.sums());
    EXPECT_EQ(again->encode(), stored);
    EXPECT_EQ(again->find("alice")->record, directory_.find("alice")->record);
}

TEST_F(DirectoryTest, LeavesOutOfTheStateFileWhatHasExpired) {
    certify(directory_, alice_, "alice");
    merge_record(alice_, 5);
    const base::Bytes stored = directory_.encode();
    const base::UnixTime late{kNow.seconds + 365 * 24 * 3600};
    EXPECT_TRUE(must(Directory::decode(stored, id_, late)).members().empty());
}

TEST_F(DirectoryTest, NoticesDamagedOrForeignState) {
    certify(directory_, alice_, "alice");
    const base::Bytes stored = directory_.encode();
    for (std::size_t i = 0; i < stored.size(); ++i) {
        base::Bytes damaged = stored;
        damaged[i] ^= std::byte{1};
        EXPECT_FALSE(Directory::decode(damaged, id_, kNow)) << i;
        EXPECT_FALSE(Directory::decode(base::ByteView(stored).first(i), id_, kNow)) << i;
    }
    NetworkId other = id_;
    other.bytes[0] ^= std::byte{1};
    EXPECT_EQ(Directory::decode(stored, other, kNow).error().code, ErrorCode::kWrongIdentity);
}

TEST_F(DirectoryTest, ListsRowsInOrderAndInPages) {
    for (int i = 0; i < 20; ++i) {
        certify(directory_, new_identity(), "node");
        must(founding_.authority.revoke(directory_, new_identity().node_id(),
                                        RevocationReason::Removed, kNow));
    }
    crypto::NodeId last;
    last.bytes.fill(std::byte{0xff});
    const std::vector<Row> all = directory_.rows({}, last, 100);
    EXPECT_EQ(all.size(), 40U);
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end(),
                               [](const Row& a, const Row& b) { return a.id < b.id; }));
    const std::vector<Row> middle = directory_.rows(all[10].id, all[19].id, 100);
    EXPECT_EQ(middle, std::vector(all.begin() + 10, all.begin() + 20));
    EXPECT_EQ(directory_.rows(all[10].id, last, 3).size(), 3U);
}

}  // namespace
}  // namespace qe::network
