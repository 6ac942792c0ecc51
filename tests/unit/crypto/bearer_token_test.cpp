// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/bearer_token.h"

#include <gtest/gtest.h>

#include "quicether/crypto/trust.h"

namespace qe::crypto {
namespace {

constexpr base::UnixTime kNow{1'800'000'000};
constexpr Validity kValidity{.not_before = {kNow.seconds - 60}, .not_after = {kNow.seconds + 60}};

BearerToken token(std::byte first) {
    MacKey key;
    key.bytes[0] = first;
    return BearerToken(key);
}

class BearerTokenTest : public testing::Test {
  protected:
    [[nodiscard]] base::Result<TrustedCertificate> show(base::ByteView attributes) {
        return trust_.check(*make_self_signed_certificate(guest_, kValidity, rng_, attributes),
                            kNow);
    }

    base::Rng rng_{base::Rng::Seed{}};
    Identity guest_ = Identity::generate(rng_);
    Identity thief_ = Identity::generate(rng_);
    BearerToken invite_ = token(std::byte{1});
    Trust trust_;
};

TEST_F(BearerTokenTest, LetsInWhoeverBearsIt) {
    EXPECT_FALSE(show(invite_.attributes(guest_.public_key())).has_value());
    trust_.admit(invite_);
    const auto shown = show(invite_.attributes(guest_.public_key()));
    ASSERT_TRUE(shown.has_value());
    EXPECT_EQ(shown->rule, TrustRule::Token);
    EXPECT_EQ(token_of(shown->attributes), invite_.id());
}

TEST_F(BearerTokenTest, RefusesAProofMadeForAnotherKey) {
    trust_.admit(invite_);
    EXPECT_FALSE(show(invite_.attributes(thief_.public_key())).has_value());
}

TEST_F(BearerTokenTest, RefusesAnotherToken) {
    trust_.admit(invite_);
    EXPECT_FALSE(show(token(std::byte{2}).attributes(guest_.public_key())).has_value());
}

TEST_F(BearerTokenTest, RefusesAttributesOfAnyOtherForm) {
    trust_.admit(invite_);
    base::Bytes attributes = invite_.attributes(guest_.public_key());
    attributes.back() ^= std::byte{1};
    EXPECT_FALSE(show(attributes).has_value());
    attributes.pop_back();
    EXPECT_FALSE(show(attributes).has_value());
    EXPECT_FALSE(show({}).has_value());
}

TEST_F(BearerTokenTest, DoesNotLetInARevokedNode) {
    trust_.admit(invite_);
    trust_.revoke(guest_.node_id());
    EXPECT_FALSE(show(invite_.attributes(guest_.public_key())).has_value());
}

TEST_F(BearerTokenTest, DoesNotCountWhatAnAuthoritySays) {
    trust_.admit(invite_);
    const Identity authority = Identity::generate(rng_);
    const auto der = make_member_certificate(
        authority, guest_.public_key(), invite_.attributes(guest_.public_key()), kValidity, rng_);
    ASSERT_TRUE(der.has_value());
    EXPECT_FALSE(trust_.check(*der, kNow).has_value());
    trust_.set_authority(authority.public_key());
    EXPECT_EQ(trust_.check(*der, kNow)->rule, TrustRule::Member);
}

}  // namespace
}  // namespace qe::crypto
