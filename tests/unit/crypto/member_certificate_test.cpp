// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "der_builder.h"
#include "quicether/crypto/certificate.h"

namespace qe::crypto {
namespace {

using base::ErrorCode;
using test::CertificateParts;
using test::common_name;
using test::from_hex_text;

constexpr Validity kValidity{{1'767'225'600}, {1'798'761'600}};  // the year 2026
constexpr base::UnixTime kNow{1'780'000'000};

class MemberCertificate : public testing::Test {
  protected:
    base::Rng rng_{base::Rng::Seed{}};
    Identity authority_ = Identity::generate(rng_);
    Identity member_ = Identity::generate(rng_);
    base::Bytes attributes_ = test::bytes_of("anything at all");

    [[nodiscard]] base::Bytes made() {
        return make_member_certificate(authority_, member_.public_key(), attributes_, kValidity,
                                       rng_)
            .value();
    }
    [[nodiscard]] auto verified(base::ByteView der) {
        return verify_certificate(der, kNow, &authority_.public_key());
    }
    /// A certificate by the authority with this extensions block.
    [[nodiscard]] base::Bytes with_extensions(const base::Bytes& block) {
        CertificateParts parts(member_);
        parts.issuer = common_name(authority_.node_id().to_string());
        parts.extensions = block;
        return parts.signed_by(authority_);
    }
    /// The extension's bytes as make_member_certificate() wrote the object identifier.
    [[nodiscard]] std::string oid_hex() {
        const std::string whole = base::to_hex(made());
        const std::size_t value = whole.find(base::to_hex(attributes_));
        const std::size_t oid = whole.rfind("0614", value);
        return whole.substr(oid, 2 * (2 + 0x14));
    }
};

TEST_F(MemberCertificate, CarriesWhatTheAuthorityGrants) {
    const auto facts = verified(made());
    ASSERT_TRUE(facts) << facts.error().text;
    EXPECT_EQ(facts->key, member_.public_key());
    EXPECT_EQ(facts->node_id, member_.node_id());
    EXPECT_EQ(facts->signer, CertificateSigner::Authority);
    EXPECT_EQ(facts->attributes, attributes_);
    EXPECT_EQ(facts->serial.size(), 16U);
    EXPECT_EQ(facts->validity.not_after, kValidity.not_after);
}

TEST_F(MemberCertificate, CarriesEmptyAndLargestAttributes) {
    for (const std::size_t size : {std::size_t{0}, kCertificateAttributesBytesMax}) {
        attributes_.assign(size, std::byte{7});
        EXPECT_EQ(verified(made())->attributes, attributes_);
    }
    attributes_.push_back(std::byte{7});
    EXPECT_EQ(
        make_member_certificate(authority_, member_.public_key(), attributes_, kValidity, rng_)
            .error()
            .code,
        ErrorCode::kTooLarge);
}

TEST_F(MemberCertificate, SaysNothingWithoutItsAuthority) {
    const Identity other = Identity::generate(rng_);
    for (const PublicKey* key : {static_cast<const PublicKey*>(nullptr), &other.public_key()}) {
        const auto facts = verify_certificate(made(), kNow, key);
        ASSERT_TRUE(facts) << facts.error().text;
        EXPECT_EQ(facts->signer, CertificateSigner::Unverified);
        EXPECT_TRUE(facts->attributes.empty());
    }
    EXPECT_EQ(verify_self_signed_certificate(made(), kNow).error().code,
              ErrorCode::kBadCertificate);
}

TEST_F(MemberCertificate, CannotBeForgedInTheAuthoritysName) {
    CertificateParts parts(member_);
    parts.issuer = common_name(authority_.node_id().to_string());
    EXPECT_EQ(verified(parts.signed_by(member_)).error().code, ErrorCode::kBadSignature);
    EXPECT_EQ(verified(parts.signed_by(authority_))->signer, CertificateSigner::Authority);
}

TEST_F(MemberCertificate, IsRefusedWithEveryChangedByte) {
    const base::Bytes good = made();
    for (std::size_t i = 0; i < good.size(); ++i) {
        base::Bytes spoiled = good;
        spoiled[i] ^= std::byte{1};
        const auto facts = verified(spoiled);
        // A changed issuer makes it the certificate of an authority that nobody here knows.
        EXPECT_TRUE(!facts || facts->signer == CertificateSigner::Unverified) << i;
    }
}

TEST_F(MemberCertificate, IsRefusedOutsideItsValidity) {
    EXPECT_EQ(
        verify_certificate(made(), {kValidity.not_after.seconds + 301}, &authority_.public_key())
            .error()
            .code,
        ErrorCode::kCertificateExpired);
    EXPECT_EQ(
        verify_certificate(made(), {kValidity.not_before.seconds - 301}, &authority_.public_key())
            .error()
            .code,
        ErrorCode::kCertificateNotYetValid);
}

TEST_F(MemberCertificate, IsRefusedFromAnIssuerThatIsNoNodeId) {
    CertificateParts parts(member_);
    for (const std::string_view name :
         {"", "ca", "node_00", "XX00000000000000000000000000000000000000"}) {
        parts.issuer = common_name(name);
        EXPECT_EQ(verified(parts.signed_by(authority_)).error().code, ErrorCode::kBadCertificate);
    }
}

TEST_F(MemberCertificate, ReadsAttributesInStrictDerOnly) {
    const std::string oid = oid_hex();
    const auto outcome = [&](std::string_view value) {
        return verified(with_extensions(test::extensions(oid, false, value)));
    };
    EXPECT_EQ(base::to_hex(outcome("0403010203")->attributes), "010203");
    for (const std::string_view value :
         {"", "04", "040301020300", "04020102ff", "04810101", "0201ff", "240504030102030000"}) {
        const auto facts = outcome(value);
        ASSERT_FALSE(facts) << value;
        EXPECT_EQ(facts.error().code, ErrorCode::kBadCertificate) << value;
    }
}

TEST_F(MemberCertificate, RefusesTwoSetsOfAttributes) {
    const base::Bytes one =
        test::sequence({from_hex_text(oid_hex()), test::element(0x04, from_hex_text("040101"))});
    const base::Bytes two = test::element(0xa3, test::sequence({one, one}));
    EXPECT_EQ(verified(with_extensions(two)).error().code, ErrorCode::kBadCertificate);
}

TEST_F(MemberCertificate, IsNotMadeForUnusableKeys) {
    for (const PublicKey& key : {PublicKey{}, authority_.public_key()}) {
        EXPECT_EQ(make_member_certificate(authority_, key, {}, kValidity, rng_).error().code,
                  ErrorCode::kInvalidArgument);
    }
}

}  // namespace
}  // namespace qe::crypto
