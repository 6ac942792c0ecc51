// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "quicether/crypto/identity.h"

namespace qe::crypto {
namespace {

using base::ErrorCode;

/// RFC 8410, section 10.3.
constexpr std::string_view kRfc8410Key =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";

ErrorCode refusal(std::string_view text) {
    const auto identity = parse_key_file(base::as_bytes(text));
    return identity ? ErrorCode::kClosed : identity.error().code;
}

TEST(KeyFile, ReadsTheExampleOfRfc8410) {
    const auto identity = parse_key_file(base::as_bytes(kRfc8410Key));
    ASSERT_TRUE(identity) << identity.error().text;
    EXPECT_EQ(identity->public_key().to_string(),
              "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
}

TEST(KeyFile, WritesTheExampleOfRfc8410) {
    const auto identity = parse_key_file(base::as_bytes(kRfc8410Key));
    EXPECT_EQ(base::as_text(encode_key_file(*identity).value()), kRfc8410Key);
}

TEST(KeyFile, ReadsBackWhatItWrote) {
    base::Rng rng{base::Rng::Seed{}};
    for (int i = 0; i < 10; ++i) {
        const Identity identity = Identity::generate(rng);
        const auto again = parse_key_file(encode_key_file(identity).value());
        ASSERT_TRUE(again);
        EXPECT_EQ(again->public_key(), identity.public_key());
        EXPECT_EQ(base::as_text(again->secret_seed()), base::as_text(identity.secret_seed()));
    }
}

TEST(KeyFile, ToleratesSpaceAroundAndForeignLineEnds) {
    std::string text = "\n  " + std::string(kRfc8410Key) + "\n\n";
    EXPECT_EQ(refusal(text), ErrorCode::kClosed);
    for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
        text.replace(at, 1, "\r\n");
    }
    EXPECT_EQ(refusal(text), ErrorCode::kClosed);
}

TEST(KeyFile, RefusesAnEmptyOrTornFile) {
    EXPECT_EQ(refusal(""), ErrorCode::kBadKey);
    EXPECT_EQ(refusal(" \n"), ErrorCode::kBadKey);
    const std::size_t block_size = kRfc8410Key.size() - 1;  // without the last line end
    for (std::size_t size = 0; size < block_size; ++size) {
        EXPECT_EQ(refusal(kRfc8410Key.substr(0, size)), ErrorCode::kBadKey) << size;
    }
}

TEST(KeyFile, RefusesAnythingBesideTheBlock) {
    EXPECT_EQ(refusal("junk\n" + std::string(kRfc8410Key)), ErrorCode::kBadKey);
    EXPECT_EQ(refusal(std::string(kRfc8410Key) + "junk"), ErrorCode::kBadKey);
    EXPECT_EQ(refusal(std::string(kRfc8410Key) + std::string(kRfc8410Key)), ErrorCode::kBadKey);
    EXPECT_EQ(refusal(std::string("\0", 1) + std::string(kRfc8410Key)), ErrorCode::kBadKey);
}

TEST(KeyFile, RefusesAHugeFile) {
    EXPECT_EQ(refusal(std::string(kRfc8410Key) + std::string(4096, '\n')), ErrorCode::kTooLarge);
}

TEST(KeyFile, SaysThatAnEncryptedKeyIsEncrypted) {
    EXPECT_EQ(refusal("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMA==\n"
                      "-----END ENCRYPTED PRIVATE KEY-----\n"),
              ErrorCode::kUnsupported);
}

struct Foreign {
    const char* what;
    const char* text;
};

TEST(KeyFile, RefusesOtherKeysAndStructures) {
    constexpr Foreign kForeign[] = {
        {"X25519",
         "-----BEGIN PRIVATE KEY-----\n"
         "MC4CAQAwBQYDK2VuBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
         "-----END PRIVATE KEY-----\n"},
        {"a byte behind the structure",
         "-----BEGIN PRIVATE KEY-----\n"
         "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhCAA==\n"
         "-----END PRIVATE KEY-----\n"},
        {"a public key under a private label",
         "-----BEGIN PRIVATE KEY-----\n"
         "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
         "-----END PRIVATE KEY-----\n"},
        {"a public key",
         "-----BEGIN PUBLIC KEY-----\n"
         "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
         "-----END PUBLIC KEY-----\n"},
        {"not base64",
         "-----BEGIN PRIVATE KEY-----\n"
         "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVh*\n"
         "-----END PRIVATE KEY-----\n"},
        {"headers inside",
         "-----BEGIN PRIVATE KEY-----\n"
         "Proc-Type: 4,ENCRYPTED\n\n"
         "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
         "-----END PRIVATE KEY-----\n"},
    };
    for (const Foreign& foreign : kForeign) {
        EXPECT_EQ(refusal(foreign.text), ErrorCode::kBadKey) << foreign.what;
    }
}

}  // namespace
}  // namespace qe::crypto
