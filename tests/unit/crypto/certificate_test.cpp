// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/certificate.h"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "der_builder.h"

namespace qe::crypto {
namespace {

using base::ErrorCode;
using base::UnixTime;
using test::CertificateParts;
using test::common_name;
using test::from_hex_text;
using test::generalized_time;
using test::utc_time;

constexpr std::int64_t kStart = 1'767'225'600;  // 2026-01-01T00:00:00Z
constexpr std::int64_t kEnd = 1'798'761'600;    // 2027-01-01T00:00:00Z
constexpr UnixTime kNow{1'780'000'000};
constexpr std::int64_t kSkew = kClockSkewAllowed.count();

base::Rng test_rng(std::uint8_t first = 1) {
    base::Rng::Seed seed{};
    seed[0] = std::byte{first};
    return base::Rng(seed);
}

Identity test_identity(std::uint8_t first = 1) {
    base::Rng rng = test_rng(first);
    return Identity::generate(rng);
}

base::Bytes made(const Identity& identity, Validity validity = {{kStart}, {kEnd}}) {
    base::Rng rng = test_rng(99);
    return make_self_signed_certificate(identity, validity, rng).value();
}

/// The code of the refusal, or kClosed when it was accepted.
ErrorCode refusal(base::ByteView der, UnixTime now = kNow) {
    const auto facts = verify_self_signed_certificate(der, now);
    return facts ? ErrorCode::kClosed : facts.error().code;
}

TEST(Certificate, SaysWhoseItIsAndHowLong) {
    const Identity identity = test_identity();
    const auto facts = verify_self_signed_certificate(made(identity), kNow);
    ASSERT_TRUE(facts) << facts.error().text;
    EXPECT_EQ(facts->key, identity.public_key());
    EXPECT_EQ(facts->node_id, identity.node_id());
    EXPECT_EQ(facts->validity.not_before.seconds, kStart);
    EXPECT_EQ(facts->validity.not_after.seconds, kEnd);
}

TEST(Certificate, IsReproducibleFromTheSameRandomness) {
    const Identity identity = test_identity();
    EXPECT_EQ(made(identity), made(identity));
}

TEST(Certificate, KeepsTimesBeyond2050) {
    const Identity identity = test_identity();
    constexpr std::int64_t kYear2100 = 4'102'444'800;
    const base::Bytes der = made(identity, {{kStart}, {kYear2100}});
    EXPECT_EQ(verify_self_signed_certificate(der, kNow)->validity.not_after.seconds, kYear2100);
    EXPECT_EQ(refusal(der, {kYear2100 + kSkew + 1}), ErrorCode::kCertificateExpired);
}

TEST(Certificate, RefusesToBeMadeForAnImpossiblePeriod) {
    const Identity identity = test_identity();
    base::Rng rng = test_rng();
    for (const Validity& validity : {Validity{{kEnd}, {kStart}}, Validity{{INT64_MIN}, {kEnd}},
                                     Validity{{kStart}, {INT64_MAX}}}) {
        const auto der = make_self_signed_certificate(identity, validity, rng);
        ASSERT_FALSE(der);
        EXPECT_EQ(der.error().code, ErrorCode::kInvalidArgument);
    }
}

TEST(Certificate, ToleratesClockSkewExactlyAtBothEdges) {
    const base::Bytes der = made(test_identity());
    EXPECT_EQ(refusal(der, {kStart - kSkew}), ErrorCode::kClosed);
    EXPECT_EQ(refusal(der, {kStart - kSkew - 1}), ErrorCode::kCertificateNotYetValid);
    EXPECT_EQ(refusal(der, {kEnd + kSkew}), ErrorCode::kClosed);
    EXPECT_EQ(refusal(der, {kEnd + kSkew + 1}), ErrorCode::kCertificateExpired);
    EXPECT_EQ(refusal(der, {INT64_MIN}), ErrorCode::kCertificateNotYetValid);
    EXPECT_EQ(refusal(der, {INT64_MAX}), ErrorCode::kCertificateExpired);
}

TEST(Certificate, IsRefusedAfterAnyChangeOfAnyByte) {
    const base::Bytes good = made(test_identity());
    std::size_t accepted = 0;
    for (std::size_t i = 0; i < good.size(); ++i) {
        for (unsigned flip = 1; flip < 256; flip = flip * 2 + 1) {
            base::Bytes bad = good;
            bad[i] ^= static_cast<std::byte>(flip);
            accepted += refusal(bad) == ErrorCode::kClosed ? 1U : 0U;
        }
    }
    RecordProperty("accepted_flips", static_cast<int>(accepted));
    EXPECT_EQ(accepted, 0U);
}

TEST(Certificate, IsRefusedTruncatedAtAnyLength) {
    const base::Bytes good = made(test_identity());
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_EQ(refusal(base::ByteView(good).first(size)), ErrorCode::kBadCertificate) << size;
    }
}

TEST(Certificate, IsRefusedWithTrailingBytes) {
    base::Bytes der = made(test_identity());
    der.push_back(std::byte{0});
    EXPECT_EQ(refusal(der), ErrorCode::kBadCertificate);
}

TEST(Certificate, IsRefusedWhenHuge) {
    EXPECT_EQ(refusal(base::Bytes(kCertificateBytesMax + 1)), ErrorCode::kTooLarge);
    CertificateParts parts(test_identity());
    parts.subject = common_name(std::string(kCertificateBytesMax, 'a'));
    EXPECT_EQ(refusal(parts.signed_by(test_identity())), ErrorCode::kTooLarge);
}

TEST(Certificate, IsAcceptedFromAnotherMaker) {
    const Identity identity = test_identity();
    CertificateParts parts(identity);
    EXPECT_EQ(refusal(parts.signed_by(identity)), ErrorCode::kClosed);
    parts.subject = common_name(identity.node_id().to_string(), 0x13);
    EXPECT_EQ(refusal(parts.signed_by(identity)), ErrorCode::kClosed) << "PrintableString";
}

TEST(Certificate, IsRefusedWhenAnotherKeySignedIt) {
    EXPECT_EQ(refusal(CertificateParts(test_identity(1)).signed_by(test_identity(2))),
              ErrorCode::kBadSignature);
}

TEST(Certificate, IsRefusedWithAnRsaKey) {
    std::ifstream file(QE_TEST_DATA_DIR "/vectors/certificates/rsa2048.der", std::ios::binary);
    const std::string der{std::istreambuf_iterator<char>(file), {}};
    ASSERT_GT(der.size(), 500U);
    EXPECT_EQ(refusal(base::as_bytes(der)), ErrorCode::kBadCertificate);
}

/// One way to spoil a certificate before it is properly signed.
struct Spoiled {
    const char* what;
    void (*spoil)(CertificateParts&);
};

class SpoiledCertificate : public testing::TestWithParam<Spoiled> {};

TEST_P(SpoiledCertificate, IsRefused) {
    const Identity identity = test_identity();
    CertificateParts parts(identity);
    GetParam().spoil(parts);
    EXPECT_EQ(refusal(parts.signed_by(identity)), ErrorCode::kBadCertificate) << GetParam().what;
}

constexpr Spoiled kSpoiled[] = {
    {"version 1", [](CertificateParts& p) { p.version.clear(); }},
    {"version 2", [](CertificateParts& p) { p.version = from_hex_text("a003020101"); }},
    {"version 4", [](CertificateParts& p) { p.version = from_hex_text("a003020103"); }},
    {"X25519 key", [](CertificateParts& p) { p.key_algorithm = from_hex_text("300506032b656e"); }},
    {"short key", [](CertificateParts& p) { p.key.pop_back(); }},
    {"long key", [](CertificateParts& p) { p.key.push_back(std::byte{0}); }},
    {"key with parameters",
     [](CertificateParts& p) { p.key_algorithm = from_hex_text("300706032b65700500"); }},
    {"small-order key",
     [](CertificateParts& p) {
         p.key.assign(32, std::byte{0});
         p.key[0] = std::byte{1};
     }},
    {"inner Ed448",
     [](CertificateParts& p) { p.inner_algorithm = from_hex_text("300506032b6571"); }},
    {"outer Ed448",
     [](CertificateParts& p) { p.outer_algorithm = from_hex_text("300506032b6571"); }},
    {"algorithms with parameters",
     [](CertificateParts& p) {
         p.inner_algorithm = from_hex_text("300706032b65700500");
         p.outer_algorithm = p.inner_algorithm;
     }},
    {"another subject", [](CertificateParts& p) { p.subject = common_name("home-server"); }},
    {"another issuer",
     [](CertificateParts& p) {
         p.issuer = common_name("0000000000000000000000000000000000000000");
     }},
    {"no subject", [](CertificateParts& p) { p.subject = test::sequence({}); }},
    {"two subject parts",
     [](CertificateParts& p) {
         const base::Bytes one(p.subject.begin() + 2, p.subject.end());
         p.subject = test::sequence({one, one});
     }},
    {"a name with a NUL behind it",
     [](CertificateParts& p) {
         p.subject = common_name(test_identity().node_id().to_string() + std::string(1, '\0'));
     }},
    {"an upper-case name",
     [](CertificateParts& p) {
         std::string name = test_identity().node_id().to_string();
         for (char& c : name) {
             c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
         }
         p.subject = common_name(name);
     }},
    {"an IA5String name",
     [](CertificateParts& p) {
         p.subject = common_name(test_identity().node_id().to_string(), 0x16);
     }},
    {"reversed validity", [](CertificateParts& p) { std::swap(p.not_before, p.not_after); }},
    {"a month 13", [](CertificateParts& p) { p.not_before = utc_time("261301000000Z"); }},
    {"a time without seconds", [](CertificateParts& p) { p.not_before = utc_time("2601010000Z"); }},
    {"a time with an offset",
     [](CertificateParts& p) { p.not_before = utc_time("260101000000+0100"); }},
    {"GeneralizedTime before 2050",
     [](CertificateParts& p) { p.not_before = generalized_time("20260101000000Z"); }},
    {"fractional seconds",
     [](CertificateParts& p) { p.not_after = generalized_time("20600101000000.5Z"); }},
    {"an unknown critical extension",
     [](CertificateParts& p) { p.extensions = test::extensions("06032a0304", true, "0500"); }},
    {"damaged basic constraints",
     [](CertificateParts& p) { p.extensions = test::extensions("0603551d13", true, "0401"); }},
    {"a negative zero-padded serial",
     [](CertificateParts& p) { p.serial = from_hex_text("02020042"); }},
    {"a length in long form",
     [](CertificateParts& p) { p.inner_algorithm = from_hex_text("30810506032b6570"); }},
};

INSTANTIATE_TEST_SUITE_P(Fields, SpoiledCertificate, testing::ValuesIn(kSpoiled));

TEST(Certificate, KeepsAnUnknownHarmlessExtension) {
    const Identity identity = test_identity();
    CertificateParts parts(identity);
    parts.extensions = test::extensions("06032a0304", false, "0500");
    EXPECT_EQ(refusal(parts.signed_by(identity)), ErrorCode::kClosed);
}

TEST(Certificate, IsRefusedWithoutItsSignatureTail) {
    const Identity identity = test_identity();
    const CertificateParts parts(identity);
    const Signature signature = identity.sign(parts.to_be_signed());
    const base::Bytes shortened(signature.begin(), signature.end() - 1);
    EXPECT_EQ(refusal(test::sequence(
                  {parts.to_be_signed(), parts.outer_algorithm, test::bit_string(shortened)})),
              ErrorCode::kBadSignature);
}

}  // namespace
}  // namespace qe::crypto
