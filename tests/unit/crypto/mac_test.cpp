// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/mac.h"

#include <gtest/gtest.h>

namespace qe::crypto {
namespace {

MacKey key(std::uint8_t number) {
    MacKey key;
    key.bytes[0] = std::byte{number};
    return key;
}

TEST(Mac, DependsOnKeyAndBytesButNotOnTheirDivision) {
    const auto text = base::as_bytes("one two");
    const Mac whole = mac_of(key(1), {text});
    EXPECT_EQ(whole, mac_of(key(1), {text.first(3), text.subspan(3)}));
    EXPECT_NE(whole, mac_of(key(2), {text}));
    EXPECT_NE(whole, mac_of(key(1), {text.first(6)}));
}

TEST(Mac, IsKeyedBlake2b) {
    // python3: hashlib.blake2b(b"abc", key=bytes(range(32)), digest_size=16).hexdigest()
    MacKey counting;
    for (std::size_t i = 0; i < counting.bytes.size(); ++i) {
        counting.bytes[i] = static_cast<std::byte>(i);
    }
    EXPECT_EQ(base::to_hex(mac_of(counting, {base::as_bytes("abc")})),
              "1a64be47e4729d951c302ee543f97cf3");
}

TEST(EqualSecrets, ComparesSizeAndBytes) {
    EXPECT_TRUE(equal_secrets(base::as_bytes("abc"), base::as_bytes("abc")));
    EXPECT_FALSE(equal_secrets(base::as_bytes("abc"), base::as_bytes("abd")));
    EXPECT_FALSE(equal_secrets(base::as_bytes("abc"), base::as_bytes("ab")));
    EXPECT_TRUE(equal_secrets({}, {}));
}

}  // namespace
}  // namespace qe::crypto
