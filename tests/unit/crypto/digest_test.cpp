// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/digest.h"

#include <gtest/gtest.h>

#include "quicether/crypto/identity.h"

namespace qe::crypto {
namespace {

TEST(Sha1, GivesTheDigestsOfTheStandard) {
    EXPECT_EQ(base::to_hex(sha1(base::as_bytes("abc"))),
              "a9993e364706816aba3e25717850c26c9cd0d89d");
    EXPECT_EQ(base::to_hex(sha1({})), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
}

TEST(Sha1, OfAPublicKeyIsItsNodeId) {
    PublicKey key;
    key.bytes[5] = std::byte{77};
    EXPECT_EQ(sha1(key.bytes), node_id_of(key).bytes);
}

// FIPS 180-4, "abc".
TEST(Sha256, IsTheStandardsDigest) {
    EXPECT_EQ(base::to_hex(sha256(base::as_bytes("abc"))),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace qe::crypto
