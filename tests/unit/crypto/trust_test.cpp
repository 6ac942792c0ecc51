// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/trust.h"

#include <gtest/gtest.h>

namespace qe::crypto {
namespace {

using base::ErrorCode;

constexpr Validity kValidity{{1'000'000'000}, {2'000'000'000}};
constexpr base::UnixTime kNow{1'500'000'000};

class TrustTest : public testing::Test {
  protected:
    base::Rng rng_{base::Rng::Seed{}};
    Identity alice_ = Identity::generate(rng_);
    Identity bob_ = Identity::generate(rng_);
    base::Bytes certificate_ = make_self_signed_certificate(alice_, kValidity, rng_).value();
    Trust trust_;
};

TEST_F(TrustTest, AcceptsNobodyByDefault) {
    EXPECT_FALSE(trust_.allows(alice_.public_key()));
    const auto facts = trust_.check(certificate_, kNow);
    ASSERT_FALSE(facts);
    EXPECT_EQ(facts.error().code, ErrorCode::kNotTrusted);
}

TEST_F(TrustTest, AcceptsAnAllowedKey) {
    trust_.allow(alice_.public_key());
    EXPECT_TRUE(trust_.allows(alice_.public_key()));
    EXPECT_FALSE(trust_.allows(bob_.public_key()));
}

TEST_F(TrustTest, AcceptsAnAllowedNodeId) {
    trust_.allow(alice_.node_id());
    EXPECT_TRUE(trust_.allows(alice_.public_key()));
    EXPECT_FALSE(trust_.allows(bob_.public_key()));
    EXPECT_EQ(trust_.check(certificate_, kNow)->node_id, alice_.node_id());
}

TEST_F(TrustTest, JudgesTheCertificateBeforeTheList) {
    trust_.allow(bob_.public_key());
    EXPECT_EQ(trust_.check(certificate_, {3'000'000'000}).error().code,
              ErrorCode::kCertificateExpired);
    EXPECT_EQ(trust_.check({}, kNow).error().code, ErrorCode::kBadCertificate);
    EXPECT_EQ(trust_.check(certificate_, kNow).error().code, ErrorCode::kNotTrusted);
}

TEST_F(TrustTest, CopiesAreIndependent) {
    Trust wider = trust_;
    wider.allow(alice_.public_key());
    EXPECT_FALSE(trust_.allows(alice_.public_key()));
    EXPECT_TRUE(wider.allows(alice_.public_key()));
}

class NetworkTrust : public TrustTest {
  protected:
    NetworkTrust() { trust_.set_authority(authority_.public_key()); }

    [[nodiscard]] base::Bytes member_certificate(const Identity& authority) {
        return make_member_certificate(authority, alice_.public_key(), base::as_bytes("granted"),
                                       kValidity, rng_)
            .value();
    }

    Identity authority_ = Identity::generate(rng_);
    base::Bytes member_ = member_certificate(authority_);
};

TEST_F(NetworkTrust, LetsMembersInWithTheirAttributes) {
    const auto peer = trust_.check(member_, kNow);
    ASSERT_TRUE(peer) << peer.error().text;
    EXPECT_EQ(peer->rule, TrustRule::Member);
    EXPECT_EQ(peer->key, alice_.public_key());
    EXPECT_EQ(base::as_text(peer->attributes), "granted");
    EXPECT_FALSE(trust_.allows(alice_.public_key())) << "the allow-list alone";
}

TEST_F(NetworkTrust, RefusesSelfSignedKeysAndOtherNetworks) {
    const Identity other = Identity::generate(rng_);
    for (const base::Bytes& der : {certificate_, member_certificate(other)}) {
        const auto peer = trust_.check(der, kNow);
        ASSERT_FALSE(peer);
        EXPECT_EQ(peer.error().code, ErrorCode::kNotTrusted);
        EXPECT_EQ(peer.error().text,
                  "the peer is neither on the allow-list nor a member of the network");
    }
}

TEST_F(NetworkTrust, RefusesRevokedMembersInSoManyWords) {
    for (std::uint8_t i = 0; i < 255; ++i) {
        trust_.revoke(NodeId{{std::byte{i}, std::byte{1}}});
    }
    EXPECT_TRUE(trust_.check(member_, kNow));
    trust_.revoke(alice_.node_id());
    const auto peer = trust_.check(member_, kNow);
    ASSERT_FALSE(peer);
    EXPECT_EQ(peer.error().code, ErrorCode::kNotTrusted);
    EXPECT_EQ(peer.error().text, "the peer's membership has been revoked");
}

TEST_F(NetworkTrust, LetsTheAllowListDecideFirst) {
    trust_.allow(alice_.public_key());
    trust_.revoke(alice_.node_id());
    const Identity other = Identity::generate(rng_);
    for (const base::Bytes& der : {certificate_, member_, member_certificate(other)}) {
        const auto peer = trust_.check(der, kNow);
        ASSERT_TRUE(peer) << peer.error().text;
        EXPECT_EQ(peer->rule, TrustRule::AllowList);
    }
}

TEST_F(NetworkTrust, HoldsAllowedKeysToTheirValidity) {
    trust_.allow(alice_.public_key());
    EXPECT_EQ(trust_.check(member_, {3'000'000'000}).error().code, ErrorCode::kCertificateExpired);
}

}  // namespace
}  // namespace qe::crypto
