// SPDX-License-Identifier: Apache-2.0
//
// Joining, renewing, revoking and promoting, from the request's bytes to a peer's verdict.
#include "quicether/network/authority.h"

#include <limits>

#include "network_fixture.h"
#include "quicether/crypto/trust.h"
#include "quicether/network/network_message.h"
#include "quicether/network/renewal.h"

namespace qe::network {
namespace {

using base::ErrorCode;
using test::kNow;
using test::must;
using test::prefix;

constexpr std::int64_t kDay = 24 * 3600;

class AuthorityTest : public test::NetworkTest {
  protected:
    AuthorityTest() { certify(directory_, admin_, "admin"); }

    [[nodiscard]] Invite issue(const InviteTerms& terms = {}) {
        const SwarmSeed swarm = swarm_seed_of(founding_.secret);
        return must(book_.issue(terms, {id_, admin_.node_id(), swarm, {}}, kNow, rng_));
    }
    [[nodiscard]] JoinRequest request_of(const Invite& invite, const crypto::Identity& joiner,
                                         std::string name) const {
        return {
            invite_id_of(invite.secret),
            invite_proof(invite_proof_key(invite.secret), admin_.public_key(), joiner.public_key()),
            std::move(name)};
    }
    Authority::JoinAnswer join(const JoinRequest& request, const crypto::Identity& joiner,
                               base::UnixTime now = kNow) {
        const AdminView view{directory_, book_, founding_.secret, admin_.public_key()};
        return founding_.authority.handle_join(request, joiner.public_key(), view, now, rng_);
    }
    JoinReply joined(const crypto::Identity& joiner, std::string name,
                     const InviteTerms& terms = {}) {
        auto answer = join(request_of(issue(terms), joiner, std::move(name)), joiner);
        EXPECT_TRUE(std::holds_alternative<JoinReply>(answer));
        return std::get<JoinReply>(std::move(answer));
    }
    static JoinRefusalKind refusal(const Authority::JoinAnswer& answer) {
        const auto* const refused = std::get_if<JoinRefusal>(&answer);
        EXPECT_TRUE(refused != nullptr && !refused->sentence.empty());
        return refused == nullptr ? JoinRefusalKind::Failed : refused->kind;
    }

    crypto::Identity admin_ = new_identity();
    crypto::Identity alice_ = new_identity();
    Directory directory_ = new_directory();
    InviteBook book_;
};

TEST_F(AuthorityTest, JoinerGetsAllItNeedsToBeTrusted) {
    const JoinReply reply =
        joined(alice_, "Alice's Laptop", {MemberRole::Gateway, {"home"}, {prefix("10.1.0.0/16")}});
    EXPECT_EQ(reply.secret, founding_.secret);
    Directory hers(must(parse_document(reply.document, id_)));
    for (const Item& item : reply.items) {
        EXPECT_TRUE(hers.merge(item, kNow).is_news());
    }
    EXPECT_NE(hers.find(admin_.node_id()), nullptr) << "she can tell who the admin is";

    crypto::Trust trust;
    trust.set_authority(hers.document().authority);
    const auto peer = trust.check(reply.certificate, kNow);
    ASSERT_TRUE(peer) << peer.error().text;
    EXPECT_EQ(peer->rule, crypto::TrustRule::Member);
    EXPECT_EQ(peer->key, alice_.public_key());
    EXPECT_EQ(
        must(parse_attributes(peer->attributes)),
        (MemberAttributes{
            "alice-s-laptop", MemberRole::Gateway, false, {"home"}, {prefix("10.1.0.0/16")}}));
}

TEST_F(AuthorityTest, RepeatedRequestGetsTheSameCertificate) {
    const Invite invite = issue();
    const JoinRequest request = request_of(invite, alice_, "alice");
    const auto first = join(request, alice_);
    const auto second = join(request, alice_, {kNow.seconds + 60});
    ASSERT_TRUE(std::holds_alternative<JoinReply>(second));
    EXPECT_EQ(std::get<JoinReply>(first).certificate, std::get<JoinReply>(second).certificate);
    const crypto::Identity bob = new_identity();
    EXPECT_EQ(refusal(join(request_of(invite, bob, "bob"), bob)), JoinRefusalKind::SpentInvite);
}

TEST_F(AuthorityTest, RefusalsSayWhy) {
    const Invite invite = issue();
    JoinRequest request = request_of(invite, alice_, "alice");
    EXPECT_EQ(refusal(join(request, alice_, {kNow.seconds + kDay + 1})),
              JoinRefusalKind::ExpiredInvite);
    EXPECT_EQ(refusal(join(request, new_identity())), JoinRefusalKind::BadProof);
    request.invite.bytes[0] ^= std::byte{1};
    EXPECT_EQ(refusal(join(request, alice_)), JoinRefusalKind::UnknownInvite);
    must(founding_.authority.revoke(directory_, alice_.node_id(), RevocationReason::Removed, kNow));
    EXPECT_EQ(refusal(join(request_of(issue(), alice_, "alice"), alice_)),
              JoinRefusalKind::Revoked);
}

TEST_F(AuthorityTest, NamesAreUniqueAndNeverMissing) {
    joined(alice_, "box");
    joined(new_identity(), "BOX");
    joined(new_identity(), "box");
    EXPECT_NE(directory_.find("box"), nullptr);
    EXPECT_NE(directory_.find("box-2"), nullptr);
    EXPECT_NE(directory_.find("box-3"), nullptr);
    const crypto::Identity nameless = new_identity();
    joined(nameless, "\xf0\x9f\x98\x80");
    EXPECT_EQ(directory_.find(nameless.node_id())->attributes.name,
              "node-" + nameless.node_id().short_text());
    EXPECT_EQ(must(unique_name("box", directory_, alice_.node_id())), "box") << "her own";
}

TEST_F(AuthorityTest, LargestJoinReplyFitsAMessage) {
    for (std::size_t i = 0; i < 300; ++i) {
        crypto::NodeId id;
        base::ByteWriter(id.bytes).u32(static_cast<std::uint32_t>(i));
        must(founding_.authority.revoke(directory_, id, RevocationReason::Removed,
                                        {std::numeric_limits<std::uint32_t>::max()}));
    }
    InviteTerms terms;
    terms.tags.assign(12, std::string(kNameBytesMax, 't'));
    NetworkMessage message = joined(alice_, std::string(kNameBytesMax, 'n'), terms);
    const auto parsed = parse_network_message(encode_network_message(message));
    ASSERT_TRUE(parsed) << parsed.error().text;
    EXPECT_EQ(*parsed, message);
}

TEST_F(AuthorityTest, RenewsWhenItIsTimeAndKeepsWhatWasGranted) {
    const JoinReply reply = joined(alice_, "alice", {MemberRole::Light, {"home"}, {}});
    const auto renew = [this](base::UnixTime now) {
        auto answer = founding_.authority.handle_renew(alice_.public_key(), directory_, now, rng_);
        EXPECT_TRUE(std::holds_alternative<RenewReply>(answer));
        return std::get<RenewReply>(answer).certificate;
    };
    EXPECT_EQ(renew({kNow.seconds + kDay}), reply.certificate) << "too early";
    const base::UnixTime later{kNow.seconds + 25 * kDay};
    const MemberAttributes before = directory_.find("alice")->attributes;
    const base::Bytes renewed = renew(later);
    EXPECT_NE(renewed, reply.certificate);
    const Member& alice = *directory_.find("alice");
    EXPECT_EQ(alice.certificate, renewed);
    EXPECT_EQ(alice.attributes, before);
    EXPECT_EQ(alice.facts.validity.not_after.seconds, later.seconds + 30 * kDay);
}

TEST_F(AuthorityTest, RenewsMembersOnly) {
    const auto answer =
        founding_.authority.handle_renew(alice_.public_key(), directory_, kNow, rng_);
    EXPECT_EQ(std::get<JoinRefusal>(answer).kind, JoinRefusalKind::NotMember);
    joined(alice_, "alice");
    must(founding_.authority.revoke(directory_, alice_.node_id(), RevocationReason::Left, kNow));
    const auto after =
        founding_.authority.handle_renew(alice_.public_key(), directory_, kNow, rng_);
    EXPECT_EQ(std::get<JoinRefusal>(after).kind, JoinRefusalKind::Revoked);
}

TEST_F(AuthorityTest, PromotedMemberCanAdmitOthers) {
    joined(alice_, "alice");
    const AdminGrant grant =
        must(founding_.authority.promote(directory_, alice_.node_id(), kNow, rng_));
    EXPECT_TRUE(directory_.find("alice")->attributes.admin);
    EXPECT_EQ(directory_.find("alice")->certificate, grant.certificate);
    const Authority hers = must(Authority::from_grant(grant, directory_.document()));
    const crypto::Identity bob = new_identity();
    EXPECT_TRUE(hers.certify(directory_, bob.public_key(), {"bob", MemberRole::Full, false, {}, {}},
                             kNow, rng_));
    EXPECT_NE(directory_.find("bob"), nullptr);
    EXPECT_EQ(
        founding_.authority.promote(directory_, new_identity().node_id(), kNow, rng_).error().code,
        ErrorCode::kNotFound);
    const auto other = must(Authority::found({"other"}, kNow, rng_));
    EXPECT_EQ(Authority::from_grant(grant, other.document.value).error().code,
              ErrorCode::kWrongIdentity);
}

TEST_F(AuthorityTest, NewCertificateReplacesOneOfAClockThatRunsAhead) {
    const base::UnixTime ahead{kNow.seconds + 200};
    must(founding_.authority.certify(directory_, alice_.public_key(),
                                     {"alice", MemberRole::Full, false, {}, {}}, ahead, rng_));
    must(founding_.authority.certify(directory_, alice_.public_key(),
                                     {"queen", MemberRole::Full, false, {}, {}}, kNow, rng_));
    EXPECT_NE(directory_.find("queen"), nullptr);
}

TEST_F(AuthorityTest, FoundsOnlySoundNetworks) {
    EXPECT_FALSE(Authority::found({"---"}, kNow, rng_));
    EXPECT_FALSE(Authority::found({"net", prefix("fd00::/48")}, kNow, rng_));
    EXPECT_FALSE(Authority::found({"net", prefix("10.0.0.0/31")}, kNow, rng_));
    EXPECT_EQ(must(Authority::found({"net", prefix("10.1.2.3/24")}, kNow, rng_))
                  .document.value.ipv4.to_string(),
              "10.1.2.0/24");
}

TEST(Renewal, IsDueAfterTwoThirdsOfTheLifeSpreadOverATwelfth) {
    crypto::CertificateFacts facts;
    facts.validity = {{kNow.seconds}, {kNow.seconds + 30 * kDay}};
    std::int64_t earliest = std::numeric_limits<std::int64_t>::max();
    std::int64_t latest = 0;
    for (std::uint8_t i = 0; i < 200; ++i) {
        facts.serial = {std::byte{i}};
        const base::UnixTime due = renewal_time(facts);
        EXPECT_EQ(due, renewal_time(facts));
        EXPECT_FALSE(needs_renewal(facts, {due.seconds - 1}));
        EXPECT_TRUE(needs_renewal(facts, due));
        earliest = std::min(earliest, due.seconds - kNow.seconds);
        latest = std::max(latest, due.seconds - kNow.seconds);
    }
    EXPECT_LE(latest, 20 * kDay);
    EXPECT_GE(earliest, 20 * kDay - 30 * kDay / 12);
    EXPECT_GT(latest - earliest, 2 * kDay);
}

}  // namespace
}  // namespace qe::network
