// SPDX-License-Identifier: Apache-2.0
//
// The test vectors are those of BEP 44. Their private keys are expanded ones, which no seed is
// known of, so signatures are verified and not made again.
#include "quicether/dht/item.h"

#include <gtest/gtest.h>

#include <string>

namespace qe::dht {
namespace {

constexpr std::string_view kHello = "12:Hello World!";

crypto::PublicKey vector_key() {
    return crypto::parse_public_key(
               "77ff84905a91936367c01360803104f92432fcd904a43511876df5cdf3e7e548")
        .value();
}

ItemView vector_item(std::string_view salt, std::string_view signature) {
    Ownership owner{vector_key(), 1, {}};
    EXPECT_TRUE(base::from_hex(signature, owner.signature));
    return {base::as_bytes(kHello), base::as_bytes(salt), owner};
}

TEST(Item, HasTheTargetsOfTheStandard) {
    EXPECT_EQ(immutable_target(base::as_bytes(kHello)).to_string(),
              "e5f96f6f38320f0f33959cb4d3d656452117aadb");
    EXPECT_EQ(mutable_target(vector_key(), {}).to_string(),
              "4a533d47ec9c7d95b1ad75f576cffc641853b750");
    EXPECT_EQ(mutable_target(vector_key(), base::as_bytes("foobar")).to_string(),
              "411eba73b6f087ca51a3795d9c8c938d365e32c1");
}

TEST(Item, WithoutSaltLiesUnderTheNodeIdOfItsOwner) {
    EXPECT_EQ(mutable_target(vector_key(), {}), crypto::node_id_of(vector_key()));
}

TEST(Item, VerifiesTheSignaturesOfTheStandard) {
    EXPECT_TRUE(has_valid_signature(
        vector_item("",
                    "305ac8aeb6c9c151fa120f120ea2cfb923564e11552d06a5d856091e5e853cff"
                    "1260d3f39e4999684aa92eb73ffd136e6f4f3ecbfda0ce53a1608ecd7ae21f01")));
    EXPECT_TRUE(has_valid_signature(
        vector_item("foobar",
                    "6834284b6b24c3204eb2fea824d82f88883a3d95e8b4a21b8c0ded553d17d17d"
                    "df9a8a7104b1258f30bed3787e6cb896fca78c58f8e03b5f18f14951a87d9a08")));
}

TEST(Item, SignsNumberSaltAndValue) {
    const auto owner = crypto::Identity::from_seed({});
    const Item item =
        make_mutable_item(owner, base::as_bytes("s"), 4, base::as_bytes(kHello)).value();
    EXPECT_TRUE(has_valid_signature(view_of(item)));
    EXPECT_EQ(target_of(item), mutable_target(owner.public_key(), base::as_bytes("s")));
    Item forged = item;
    forged.owner->seq = 5;
    EXPECT_FALSE(has_valid_signature(view_of(forged)));
    forged = item;
    forged.salt.clear();
    EXPECT_FALSE(has_valid_signature(view_of(forged)));
    forged = item;
    forged.value.back() = std::byte{'?'};
    EXPECT_FALSE(has_valid_signature(view_of(forged)));
    EXPECT_FALSE(has_valid_signature({base::as_bytes(kHello), {}, std::nullopt}));
}

TEST(Item, RefusesWhatIsTooLargeOrNoBencode) {
    const auto owner = crypto::Identity::from_seed({});
    const std::string most = "996:" + std::string(996, 'x');
    const std::string more = "997:" + std::string(997, 'x');
    EXPECT_TRUE(make_immutable_item(base::as_bytes(most)).has_value());
    EXPECT_EQ(make_immutable_item(base::as_bytes(more)).error().code, base::ErrorCode::kTooLarge);
    EXPECT_EQ(make_immutable_item(base::as_bytes("hello")).error().code,
              base::ErrorCode::kMalformed);
    const std::string salt(65, 's');
    EXPECT_EQ(
        make_mutable_item(owner, base::as_bytes(salt), 1, base::as_bytes(kHello)).error().code,
        base::ErrorCode::kTooLarge);
    EXPECT_EQ(make_mutable_item(owner, {}, -1, base::as_bytes(kHello)).error().code,
              base::ErrorCode::kInvalidArgument);
    EXPECT_TRUE(
        make_mutable_item(owner, base::as_bytes(salt).first(64), INT64_MAX, base::as_bytes(most))
            .has_value());
}

}  // namespace
}  // namespace qe::dht
