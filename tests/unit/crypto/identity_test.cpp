// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/identity.h"

#include <fstream>
#include <unordered_set>

#include <gtest/gtest.h>

#include "der_builder.h"

namespace qe::crypto {
namespace {

using test::from_hex_text;

using Seed = std::array<std::byte, Identity::kSeedSize>;

Seed seed_from(std::string_view hex) {
    Seed seed{};
    EXPECT_TRUE(base::from_hex(hex, seed));
    return seed;
}

struct Vector {
    std::string name;
    std::string seed;
    std::string key;
    std::string message;
    std::string signature;
};

std::vector<Vector> rfc8032_vectors() {
    std::ifstream file(QE_TEST_DATA_DIR "/vectors/rfc8032_ed25519.txt");
    std::vector<Vector> vectors;
    std::string line;
    while (std::getline(file, line)) {
        if (line.starts_with('#')) {
            continue;
        }
        Vector& v = vectors.emplace_back();
        v.name = line;
        std::getline(file, v.seed);
        std::getline(file, v.key);
        std::getline(file, v.message);
        std::getline(file, v.signature);
    }
    return vectors;
}

TEST(Identity, FollowsTheVectorsOfRfc8032) {
    const std::vector<Vector> vectors = rfc8032_vectors();
    ASSERT_EQ(vectors.size(), 5U);
    for (const Vector& v : vectors) {
        const Identity identity = Identity::from_seed(seed_from(v.seed));
        const base::Bytes message = from_hex_text(v.message);
        EXPECT_EQ(identity.public_key().to_string(), v.key) << v.name;
        const Signature signature = identity.sign(message);
        EXPECT_EQ(base::to_hex(signature), v.signature) << v.name;
        EXPECT_TRUE(verify(identity.public_key(), message, signature)) << v.name;
    }
}

TEST(Identity, RefusesAChangedMessageSignatureOrKey) {
    base::Rng rng{base::Rng::Seed{}};
    const Identity identity = Identity::generate(rng);
    const Signature good = identity.sign(base::as_bytes("hello"));
    EXPECT_FALSE(verify(identity.public_key(), base::as_bytes("hellp"), good));
    EXPECT_FALSE(verify(Identity::generate(rng).public_key(), base::as_bytes("hello"), good));
    for (std::size_t i = 0; i < good.size(); ++i) {
        Signature bad = good;
        bad[i] ^= std::byte{1};
        EXPECT_FALSE(verify(identity.public_key(), base::as_bytes("hello"), bad)) << i;
    }
}

TEST(Identity, RefusesAKeyOfSmallOrder) {
    PublicKey identity_point;
    identity_point.bytes[0] = std::byte{1};
    Signature signature{};
    signature[0] = std::byte{1};
    EXPECT_FALSE(verify(identity_point, base::as_bytes("anything"), signature));
}

TEST(Identity, NodeIdIsTheSha1OfThePublicKey) {
    // sha1sum of the key of RFC 8032's TEST 1.
    const Identity identity = Identity::from_seed(
        seed_from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
    EXPECT_EQ(identity.node_id().to_string(), "5b27aa5589179770e47575b162a1ded97b8bfc6d");
    EXPECT_EQ(identity.node_id().short_text(), identity.node_id().to_string().substr(0, 12));
    EXPECT_EQ(node_id_of(identity.public_key()), identity.node_id());
}

TEST(Identity, GeneratesDifferentKeysFromOneStream) {
    base::Rng rng{base::Rng::Seed{}};
    EXPECT_NE(Identity::generate(rng).public_key(), Identity::generate(rng).public_key());
}

TEST(Identity, MovesTheSecretAndWipesTheSource) {
    base::Rng rng{base::Rng::Seed{}};
    Identity first = Identity::generate(rng);
    const Identity copy = first.clone();
    Identity second = std::move(first);
    EXPECT_EQ(base::as_text(second.secret_seed()), base::as_text(copy.secret_seed()));
    EXPECT_EQ(second.sign({}), copy.sign({}));
    EXPECT_EQ(base::to_hex(first.secret_seed()), std::string(64, '0'));  // NOLINT: on purpose
    first = std::move(second);
    EXPECT_EQ(base::as_text(first.secret_seed()), base::as_text(copy.secret_seed()));
}

TEST(Derive, IsStableAndBoundToTheLabelAndTheIdentity) {
    const Identity identity = Identity::from_seed(Seed{});
    Seed other_seed{};
    other_seed[31] = std::byte{1};
    std::array<std::byte, 32> a{};
    std::array<std::byte, 32> b{};
    identity.derive("stateless reset", a);
    Identity::from_seed(Seed{}).derive("stateless reset", b);
    EXPECT_EQ(a, b);
    identity.derive("token", b);
    EXPECT_NE(a, b);
    Identity::from_seed(other_seed).derive("stateless reset", b);
    EXPECT_NE(a, b);
}

TEST(Derive, KeepsItsValuesOverReleases) {
    // A change here would invalidate every stateless-reset token and address token in the field.
    std::array<std::byte, 16> out{};
    Identity::from_seed(Seed{}).derive("stateless reset", out);
    EXPECT_EQ(base::to_hex(out), "b3ea43ce1b5b900449e2e66ab543042f");
}

TEST(Derive, FillsAnyLengthAndExtendsShorterOnes) {
    const Identity identity = Identity::from_seed(Seed{});
    std::vector<std::byte> longest(200);
    identity.derive("x", longest);
    for (const std::size_t size : {0U, 1U, 63U, 64U, 65U, 128U, 199U}) {
        std::vector<std::byte> out(size);
        identity.derive("x", out);
        EXPECT_EQ(base::as_text(out), base::as_text(longest).substr(0, size)) << size;
    }
    EXPECT_NE(base::as_text(longest).substr(0, 64), base::as_text(longest).substr(64, 64));
}

TEST(Derive, DoesNotGiveTheSeedAway) {
    const Identity identity = Identity::from_seed(Seed{});
    std::array<std::byte, 32> out{};
    identity.derive("", out);
    EXPECT_NE(base::as_text(out), base::as_text(identity.secret_seed()));
}

TEST(NodeIdText, ReadsBackInEitherCaseAndWithPrefix) {
    const std::string text = "0123456789abcdef0123456789abcdef01234567";
    EXPECT_EQ(parse_node_id(text)->to_string(), text);
    EXPECT_EQ(parse_node_id("node_" + text)->to_string(), text);
    EXPECT_EQ(parse_node_id("0123456789ABCDEF0123456789ABCDEF01234567")->to_string(), text);
}

TEST(NodeIdText, RefusesOtherLengthsDigitsAndPrefixes) {
    const std::string text = "0123456789abcdef0123456789abcdef01234567";
    for (const std::string& bad :
         {std::string(), text.substr(1), text + "0", "key_" + text, "node_node_" + text,
          " " + text.substr(1), "g" + text.substr(1), "0x" + text.substr(2)}) {
        EXPECT_FALSE(parse_node_id(bad)) << bad;
    }
}

TEST(PublicKeyText, ReadsBackAndRefusesANodeId) {
    const std::string text(64, 'a');
    EXPECT_EQ(parse_public_key(text)->to_string(), text);
    EXPECT_EQ(parse_public_key("key_" + text)->to_string(), text);
    EXPECT_FALSE(parse_public_key(std::string(40, 'a')));
    EXPECT_FALSE(parse_public_key("node_" + text));
}

TEST(Hashes, KeepValuesApartInSets) {
    base::Rng rng{base::Rng::Seed{}};
    std::unordered_set<NodeId> ids;
    std::unordered_set<PublicKey> keys;
    for (int i = 0; i < 50; ++i) {
        const Identity identity = Identity::generate(rng);
        ids.insert(identity.node_id());
        keys.insert(identity.public_key());
    }
    EXPECT_EQ(ids.size(), 50U);
    EXPECT_EQ(keys.size(), 50U);
}

}  // namespace
}  // namespace qe::crypto
