// SPDX-License-Identifier: Apache-2.0
#include "quicether/base/cbor.h"

#include <initializer_list>

#include <gtest/gtest.h>

namespace qe::base {
namespace {

Bytes bytes_of(std::initializer_list<int> values) {
    Bytes bytes;
    for (const int v : values) {
        bytes.push_back(static_cast<std::byte>(v));
    }
    return bytes;
}

std::string hex_of_unsigned(std::uint64_t value) {
    Bytes bytes;
    CborWriter(bytes).unsigned_integer(value);
    return to_hex(bytes);
}

// RFC 8949, appendix A.
TEST(Cbor, WritesTheExamplesOfTheRfc) {
    EXPECT_EQ(hex_of_unsigned(0), "00");
    EXPECT_EQ(hex_of_unsigned(23), "17");
    EXPECT_EQ(hex_of_unsigned(24), "1818");
    EXPECT_EQ(hex_of_unsigned(100), "1864");
    EXPECT_EQ(hex_of_unsigned(1000), "1903e8");
    EXPECT_EQ(hex_of_unsigned(1000000), "1a000f4240");
    EXPECT_EQ(hex_of_unsigned(1000000000000), "1b000000e8d4a51000");
    Bytes bytes;
    CborWriter writer(bytes);
    writer.text("IETF");
    writer.boolean(true);
    EXPECT_EQ(to_hex(bytes), "6449455446f5");
}

TEST(Cbor, ReadsWhatItWrote) {
    Bytes bytes;
    CborWriter writer(bytes);
    writer.array(4);
    writer.unsigned_integer(UINT64_MAX);
    writer.text("abc");
    writer.byte_string(as_bytes("xy"));
    writer.map(1);
    writer.unsigned_integer(1);
    writer.boolean(false);
    CborReader reader(bytes);
    EXPECT_EQ(reader.array(), 4U);
    EXPECT_EQ(reader.unsigned_integer(), UINT64_MAX);
    EXPECT_EQ(reader.text(), "abc");
    EXPECT_EQ(as_text(reader.byte_string()), "xy");
    EXPECT_EQ(reader.map(), 1U);
    EXPECT_EQ(reader.unsigned_integer(), 1U);
    EXPECT_FALSE(reader.boolean());
    EXPECT_TRUE(reader.finished());
}

TEST(Cbor, RefusesLongerFormsThanNeeded) {
    for (const Bytes& bytes : {bytes_of({0x18, 0x17}), bytes_of({0x19, 0x00, 0xff}),
                               bytes_of({0x1a, 0x00, 0x00, 0xff, 0xff}),
                               bytes_of({0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff})}) {
        CborReader reader(bytes);
        (void)reader.unsigned_integer();
        EXPECT_FALSE(reader.ok()) << to_hex(bytes);
    }
}

TEST(Cbor, RefusesIndefiniteLengthsTagsAndFloats) {
    for (const Bytes& bytes :
         {bytes_of({0x9f, 0x01, 0xff}), bytes_of({0xc0, 0x01}),
          bytes_of({0xfb, 0, 0, 0, 0, 0, 0, 0, 0}), bytes_of({0x1c}), bytes_of({0xff})}) {
        CborReader reader(bytes);
        reader.skip();
        EXPECT_FALSE(reader.ok()) << to_hex(bytes);
    }
}

TEST(Cbor, RefusesAContainerThatCannotFitTheRest) {
    const Bytes huge = bytes_of({0x9a, 0xff, 0xff, 0xff, 0xff, 0x00});
    CborReader reader(huge);
    EXPECT_EQ(reader.array(), 0U);
    EXPECT_FALSE(reader.ok());
}

TEST(Cbor, StepsOverNestedItemsUpToTheDepthBound) {
    Bytes shallow(kCborDepthMax - 1, std::byte{0x81});
    shallow.push_back(std::byte{0x00});
    CborReader fits{ByteView(shallow)};
    fits.skip();
    EXPECT_TRUE(fits.finished());

    Bytes deep(1000, std::byte{0x81});
    deep.push_back(std::byte{0x00});
    CborReader too_deep{ByteView(deep)};
    too_deep.skip();
    EXPECT_FALSE(too_deep.ok());
}

TEST(Cbor, StaysFailedAfterTheFirstError) {
    const Bytes bytes = bytes_of({0x61, 0x41, 0x01});
    CborReader reader(bytes);
    EXPECT_EQ(reader.unsigned_integer(), 0U);
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.text(), "");
    EXPECT_EQ(reader.unsigned_integer(), 0U);
    EXPECT_FALSE(reader.finished());
}

}  // namespace
}  // namespace qe::base
