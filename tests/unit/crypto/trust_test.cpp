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

}  // namespace
}  // namespace qe::crypto
