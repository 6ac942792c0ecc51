// SPDX-License-Identifier: Apache-2.0
#include "quicether/network/invite_book.h"

#include "network_fixture.h"

namespace qe::network {
namespace {

using base::ErrorCode;
using test::kNow;
using test::must;
using test::prefix;

class InviteBookTest : public test::NetworkTest {
  protected:
    [[nodiscard]] Invite issue(const InviteTerms& terms = {}) {
        return must(book_.issue(terms, origin_, kNow, rng_));
    }
    [[nodiscard]] static InviteBook::Claim claim(const Invite& invite,
                                                 const crypto::PublicKey& admin,
                                                 const crypto::PublicKey& joiner) {
        return {invite_id_of(invite.secret),
                invite_proof(invite_proof_key(invite.secret), admin, joiner), joiner};
    }
    InviteBook::Redemption redeem(const Invite& invite, const crypto::Identity& joiner,
                                  base::UnixTime now = kNow) {
        return book_.redeem(claim(invite, admin_, joiner.public_key()), admin_, now);
    }

    InviteBook book_;
    crypto::Identity admin_identity_ = new_identity();
    crypto::PublicKey admin_ = admin_identity_.public_key();
    SwarmSeed swarm_ = swarm_seed_of(founding_.secret);
    InviteOrigin origin_{id_, admin_identity_.node_id(), swarm_, {}};
    crypto::Identity alice_ = new_identity();
    crypto::Identity bob_ = new_identity();
};

TEST_F(InviteBookTest, GrantsWhatWasPromisedOnce) {
    const InviteTerms terms{MemberRole::Gateway, {"home"}, {prefix("10.0.0.0/8")}};
    const Invite invite = issue(terms);
    EXPECT_EQ(invite.expires.seconds, kNow.seconds + 24 * 3600);
    const auto redeemed = redeem(invite, alice_);
    ASSERT_TRUE(redeemed.terms);
    EXPECT_EQ(*redeemed.terms, terms);
    EXPECT_FALSE(redeemed.repeated);
    EXPECT_EQ(redeem(invite, bob_).refusal, RedeemRefusal::Spent);
}

TEST_F(InviteBookTest, AnswersTheSameJoinerAgainWhileItLives) {
    const Invite invite = issue();
    EXPECT_FALSE(redeem(invite, alice_).repeated);
    const auto again = redeem(invite, alice_, invite.expires);
    ASSERT_TRUE(again.terms);
    EXPECT_TRUE(again.repeated);
    EXPECT_EQ(redeem(invite, alice_, {invite.expires.seconds + 1}).refusal, RedeemRefusal::Expired);
}

TEST_F(InviteBookTest, CountsUses) {
    const Invite invite = issue({MemberRole::Full, {}, {}, 2});
    EXPECT_TRUE(redeem(invite, alice_).terms);
    EXPECT_TRUE(redeem(invite, alice_).terms);
    EXPECT_TRUE(redeem(invite, bob_).terms);
    EXPECT_EQ(redeem(invite, new_identity()).refusal, RedeemRefusal::Spent);
}

TEST_F(InviteBookTest, RefusesWrongProofsAndTakesNoUse) {
    const Invite invite = issue();
    auto for_other_admin = claim(invite, bob_.public_key(), alice_.public_key());
    EXPECT_EQ(book_.redeem(for_other_admin, admin_, kNow).refusal, RedeemRefusal::BadProof);
    auto stolen = claim(invite, admin_, alice_.public_key());
    stolen.joiner = bob_.public_key();
    EXPECT_EQ(book_.redeem(stolen, admin_, kNow).refusal, RedeemRefusal::BadProof);
    EXPECT_TRUE(redeem(invite, alice_).terms);
}

TEST_F(InviteBookTest, KnowsNoForeignInvites) {
    EXPECT_EQ(redeem(Invite{id_, {}, InviteSecret::generate(rng_), swarm_.clone(), {}, {}}, alice_)
                  .refusal,
              RedeemRefusal::Unknown);
    const Invite invite = issue();
    EXPECT_TRUE(book_.withdraw(invite_id_of(invite.secret)));
    EXPECT_FALSE(book_.withdraw(invite_id_of(invite.secret)));
    EXPECT_EQ(redeem(invite, alice_).refusal, RedeemRefusal::Unknown);
}

TEST_F(InviteBookTest, OneTimeUseSurvivesARestart) {
    const Invite used = issue({MemberRole::Light, {"a", "b"}, {prefix("fd00::/8")}});
    const Invite open = issue({MemberRole::Full, {}, {}, 3});
    EXPECT_TRUE(redeem(used, alice_).terms);
    const base::Bytes stored = book_.encode();
    book_ = must(InviteBook::decode(stored));
    EXPECT_EQ(book_.encode(), stored);
    EXPECT_EQ(redeem(used, bob_).refusal, RedeemRefusal::Spent);
    EXPECT_TRUE(redeem(used, alice_).repeated);
    EXPECT_TRUE(redeem(open, bob_).terms);
}

TEST_F(InviteBookTest, NoticesDamagedAndForeignState) {
    (void)issue();
    const base::Bytes stored = book_.encode();
    for (std::size_t i = 0; i < stored.size(); ++i) {
        base::Bytes damaged = stored;
        damaged[i] ^= std::byte{4};
        const auto decoded = InviteBook::decode(damaged);
        ASSERT_FALSE(decoded) << i;
        EXPECT_EQ(decoded.error().code, i == 3 ? ErrorCode::kUnsupported : ErrorCode::kMalformed);
        EXPECT_FALSE(InviteBook::decode(base::ByteView(stored).first(i)));
    }
    EXPECT_FALSE(InviteBook::decode(new_directory().encode()));
}

TEST_F(InviteBookTest, ForgetsADayAfterExpiry) {
    const Invite invite = issue();
    EXPECT_FALSE(book_.expire({invite.expires.seconds + kInviteKept.count()}));
    EXPECT_EQ(book_.invites().size(), 1U);
    EXPECT_TRUE(book_.expire({invite.expires.seconds + kInviteKept.count() + 1}));
    EXPECT_TRUE(book_.invites().empty());
}

TEST_F(InviteBookTest, IsBoundedAndMakesRoomWhenInvitesExpire) {
    for (std::size_t i = 0; i < kInvitesMax; ++i) {
        (void)issue();
    }
    EXPECT_EQ(book_.issue({}, origin_, kNow, rng_).error().code, ErrorCode::kQueueFull);
    EXPECT_TRUE(book_.issue({}, origin_, {kNow.seconds + 3 * 24 * 3600}, rng_));
    EXPECT_EQ(book_.invites().size(), 1U);
}

TEST_F(InviteBookTest, IssuesNothingThatCannotBeKept) {
    const auto code = [this](const InviteTerms& terms) {
        const auto invite = book_.issue(terms, origin_, kNow, rng_);
        return invite ? ErrorCode::kClosed : invite.error().code;
    };
    EXPECT_EQ(code({MemberRole::Full, {}, {}, 0}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code({MemberRole::Full, {}, {}, 101}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code({MemberRole::Full, {}, {}, 1, base::seconds(0)}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code({MemberRole::Full, {"Bad Tag"}, {}}), ErrorCode::kInvalidArgument);
    EXPECT_EQ(code({MemberRole::Full, std::vector<std::string>(16, std::string(63, 't')), {}}),
              ErrorCode::kTooLarge);
}

TEST_F(InviteBookTest, CarriesOnlyEndpointsThatAnInviteCanCarry) {
    origin_.endpoints = {test::endpoint("[fe80::1%3]:9000"), {net::IpAddress::v4(0x0a000001), 0, 0},
                         test::endpoint("10.0.0.1:9000"),    test::endpoint("10.0.0.2:9000"),
                         test::endpoint("10.0.0.3:9000"),    test::endpoint("10.0.0.4:9000")};
    const Invite invite = issue();
    EXPECT_EQ(invite.endpoints,
              std::vector(origin_.endpoints.begin() + 2, origin_.endpoints.begin() + 5));
    EXPECT_TRUE(parse_invite(encode_invite(invite), kNow));
}

TEST_F(InviteBookTest, IssuesNothingUnderAnImpossibleClock) {
    EXPECT_FALSE(book_.issue({}, origin_, kInviteExpiryMax, rng_));
    EXPECT_FALSE(book_.issue({}, origin_, {-10 * 24 * 3600}, rng_));
}

}  // namespace
}  // namespace qe::network
