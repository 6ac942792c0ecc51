// SPDX-License-Identifier: Apache-2.0
#include "quicether/dht/bencode_reader.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace qe::dht {
namespace {

using base::as_bytes;
using base::ErrorCode;
using namespace std::string_literals;

std::optional<ErrorCode> error_of(const std::string& text) {
    const auto parsed = parse_bencode(as_bytes(text));
    return parsed ? std::nullopt : std::optional(parsed.error().code);
}

std::int64_t integer(const std::string& text) {
    return parse_bencode(as_bytes(text)).value().integer().value();
}

TEST(BencodeReader, ReadsIntegersOf64Bits) {
    EXPECT_EQ(integer("i0e"), 0);
    EXPECT_EQ(integer("i-1e"), -1);
    EXPECT_EQ(integer("i9223372036854775807e"), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(integer("i-9223372036854775808e"), std::numeric_limits<std::int64_t>::min());
}

TEST(BencodeReader, RefusesIntegersThatHaveAnotherSpelling) {
    for (const std::string text :
         {"ie", "i-e", "i-0e", "i00e", "i01e", "i-01e", "i+1e", "i 1e", "i1.e",
          "i9223372036854775808e", "i-9223372036854775809e", "i99999999999999999999e", "i1x"}) {
        EXPECT_EQ(error_of(text), ErrorCode::kMalformed) << text;
    }
    for (const std::string text : {"i", "i1", "i-"}) {
        EXPECT_EQ(error_of(text), ErrorCode::kTruncated) << text;
    }
}

TEST(BencodeReader, ReadsStringsAsViews) {
    const std::string text = "5:he\0lo"s;
    const auto value = parse_bencode(as_bytes(text)).value();
    EXPECT_EQ(value.kind(), BencodeValue::Kind::String);
    EXPECT_EQ(base::as_text(*value.string()), "he\0lo"s);
    EXPECT_EQ(value.string()->data(), as_bytes(text).data() + 2);
    EXPECT_TRUE(parse_bencode(as_bytes("0:")).value().string()->empty());
}

TEST(BencodeReader, RefusesBadLengths) {
    EXPECT_EQ(error_of("01:a"), ErrorCode::kMalformed);
    EXPECT_EQ(error_of("1a"), ErrorCode::kMalformed);
    EXPECT_EQ(error_of("99999999999999999999:a"), ErrorCode::kMalformed);
    EXPECT_EQ(error_of("2:a"), ErrorCode::kTruncated);
    EXPECT_EQ(error_of("9223372036854775807:a"), ErrorCode::kTruncated);
    EXPECT_EQ(error_of("1"), ErrorCode::kTruncated);
}

TEST(BencodeReader, FindsValuesOfADictionary) {
    const auto value = parse_bencode(as_bytes("d1:ad1:xi7ee1:bli1e2:zze1:c0:e")).value();
    EXPECT_EQ(value.find("a")->find("x")->integer(), 7);
    EXPECT_EQ(base::as_text(value.find("b")->encoded()), "li1e2:zze");
    EXPECT_TRUE(value.find("c")->string()->empty());
    EXPECT_FALSE(value.find("x").has_value());
    EXPECT_FALSE(value.find("b")->find("a").has_value());
    EXPECT_FALSE(value.find("c")->integer().has_value());
}

TEST(BencodeReader, WalksLists) {
    const auto list = parse_bencode(as_bytes("li1el1:aed1:k1:vei2ee")).value();
    BencodeCursor cursor = list.children();
    EXPECT_EQ(cursor.next()->integer(), 1);
    EXPECT_EQ(cursor.next()->kind(), BencodeValue::Kind::List);
    EXPECT_EQ(cursor.next()->kind(), BencodeValue::Kind::Dictionary);
    EXPECT_EQ(cursor.next()->integer(), 2);
    EXPECT_FALSE(cursor.next().has_value());
    EXPECT_FALSE(parse_bencode(as_bytes("i3e")).value().children().next().has_value());
}

TEST(BencodeReader, RefusesKeysThatAreUnsortedTwiceOrNoStrings) {
    for (const std::string text :
         {"d1:bi1e1:ai1ee", "d1:ai1e1:ai2ee", "di1ei1ee", "dlei1ee", "d2:aai1e1:ai1ee"}) {
        EXPECT_EQ(error_of(text), ErrorCode::kMalformed) << text;
    }
    EXPECT_EQ(error_of("d0:i1e1:ai1e2:aai1ee"), std::nullopt);
}

TEST(BencodeReader, RefusesWhatIsNotExactlyOneElement) {
    EXPECT_EQ(error_of(""), ErrorCode::kTruncated);
    for (const std::string text : {"e", "i1ei2e", "lee", "d1:ae", "x", "-", ":"}) {
        EXPECT_EQ(error_of(text), ErrorCode::kMalformed) << text;
    }
    for (const std::string text : {"l", "d", "d1:a", "li1e", "d1:ai1e"}) {
        EXPECT_EQ(error_of(text), ErrorCode::kTruncated) << text;
    }
}

TEST(BencodeReader, LimitsDepthAndElements) {
    const auto nested = [](std::size_t depth) {
        return std::string(depth, 'l') + std::string(depth, 'e');
    };
    EXPECT_EQ(error_of(nested(kBencodeDepthMax)), std::nullopt);
    EXPECT_EQ(error_of(nested(kBencodeDepthMax + 1)), ErrorCode::kTooLarge);
    EXPECT_EQ(error_of(std::string(100'000, 'l')), ErrorCode::kTooLarge);
    std::string many = "l";
    for (std::size_t i = 1; i < kBencodeElementsMax; ++i) {
        many += "0:";
    }
    EXPECT_EQ(error_of(many + "e"), std::nullopt);
    EXPECT_EQ(error_of(many + "0:e"), ErrorCode::kTooLarge);
}

TEST(BencodeReader, RefusesEveryTruncationOfAMessage) {
    const std::string whole = "d1:ad2:id20:aaaaaaaaaaaaaaaaaaaae1:q4:ping1:t2:xx1:y1:qe";
    ASSERT_EQ(error_of(whole), std::nullopt);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        EXPECT_NE(error_of(whole.substr(0, size)), std::nullopt) << size;
    }
}

}  // namespace
}  // namespace qe::dht
