// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/seal.h"

#include <gtest/gtest.h>

namespace qe::crypto {
namespace {

class Seal : public testing::Test {
  protected:
    base::Rng rng_{base::Rng::Seed{}};
    SealKey key_{{std::byte{1}}};
    base::ByteView context_ = base::as_bytes("context");
    base::ByteView text_ = base::as_bytes("a record");
};

TEST_F(Seal, GivesBackWhatWasSealed) {
    const base::Bytes sealed = seal(key_, text_, context_, rng_);
    EXPECT_EQ(sealed.size(), text_.size() + kSealOverhead);
    const auto opened = open(key_, sealed, context_);
    ASSERT_TRUE(opened) << opened.error().text;
    EXPECT_EQ(base::as_text(*opened), "a record");
    EXPECT_TRUE(open(key_, seal(key_, {}, {}, rng_), {})->empty());
}

TEST_F(Seal, NeverSealsTwiceAlike) {
    EXPECT_NE(seal(key_, text_, context_, rng_), seal(key_, text_, context_, rng_));
}

TEST_F(Seal, OpensWithTheSameKeyAndContextOnly) {
    const base::Bytes sealed = seal(key_, text_, context_, rng_);
    const SealKey other{{std::byte{2}}};
    EXPECT_EQ(open(other, sealed, context_).error().code, base::ErrorCode::kBadSignature);
    EXPECT_EQ(open(key_, sealed, {}).error().code, base::ErrorCode::kBadSignature);
}

TEST_F(Seal, NoticesEveryChangedByte) {
    const base::Bytes sealed = seal(key_, text_, context_, rng_);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        base::Bytes spoiled = sealed;
        spoiled[i] ^= std::byte{0x80};
        EXPECT_FALSE(open(key_, spoiled, context_)) << i;
    }
    for (std::size_t size = 0; size < sealed.size(); ++size) {
        EXPECT_FALSE(open(key_, base::ByteView(sealed).first(size), context_)) << size;
    }
}

}  // namespace
}  // namespace qe::crypto
