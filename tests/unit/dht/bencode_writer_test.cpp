// SPDX-License-Identifier: Apache-2.0
#include "quicether/dht/bencode_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "quicether/dht/bencode_reader.h"

namespace qe::dht {
namespace {

TEST(BencodeWriter, WritesEveryKind) {
    std::array<std::byte, 128> buffer{};
    BencodeWriter out(buffer);
    out.begin_dictionary();
    out.entry("a", -5);
    out.string("b");
    out.begin_list();
    out.integer(std::numeric_limits<std::int64_t>::min());
    out.string("");
    out.end();
    out.string("c");
    out.raw(base::as_bytes("i9e"));
    out.string("d");
    out.string_head(2);
    out.raw(base::as_bytes("zz"));
    out.end();
    ASSERT_TRUE(out.ok());
    EXPECT_EQ(base::as_text(out.written()), "d1:ai-5e1:bli-9223372036854775808e0:e1:ci9e1:d2:zze");
    EXPECT_TRUE(parse_bencode(out.written()).has_value());
}

TEST(BencodeWriter, StaysFailedOnceSomethingDidNotFit) {
    std::array<std::byte, 6> buffer{};
    BencodeWriter out(buffer);
    out.string("abcd");
    ASSERT_TRUE(out.ok());
    out.integer(1);
    EXPECT_FALSE(out.ok());
    out.raw({});
    EXPECT_FALSE(out.ok());
    EXPECT_EQ(base::as_text(out.written().first(6)), "4:abcd");
}

}  // namespace
}  // namespace qe::dht
