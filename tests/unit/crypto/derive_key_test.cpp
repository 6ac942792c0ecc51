// SPDX-License-Identifier: Apache-2.0
#include "quicether/crypto/derive_key.h"

#include <array>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace qe::crypto {
namespace {

std::string derived(std::byte first, std::string_view label, std::string_view context) {
    std::array<std::byte, 32> secret{first};
    std::array<std::byte, 32> out{};
    derive_key(secret, label, base::as_bytes(context), out);
    return base::to_hex(out);
}

TEST(DeriveKey, DependsOnSecretLabelAndContext) {
    const std::set<std::string> all{
        derived(std::byte{1}, "a", ""),  derived(std::byte{2}, "a", ""),
        derived(std::byte{1}, "b", ""),  derived(std::byte{1}, "a", "x"),
        derived(std::byte{1}, "ax", ""), derived(std::byte{1}, "", "ax"),
    };
    EXPECT_EQ(all.size(), 6U);
    EXPECT_EQ(derived(std::byte{1}, "a", "x"), derived(std::byte{1}, "a", "x"));
}

// BLAKE2b-256 keyed with 01 00 … 00 over "quicether key 1", the label's length (8 bytes, big
// endian), label and context: computed with Python's hashlib.
TEST(DeriveKey, IsTheDocumentedFormula) {
    EXPECT_EQ(derived(std::byte{1}, "label", "context"),
              "73e3765d93a3c4681c8d124b44ee1755e856ed14fc56c59188070470d88fef41");
}

}  // namespace
}  // namespace qe::crypto
