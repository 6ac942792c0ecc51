// SPDX-License-Identifier: Apache-2.0
#include "quicether/base/bytes.h"

#include <gtest/gtest.h>

namespace qe::base {
namespace {

TEST(Hex, GoesBothWaysInEitherCase) {
    std::array<std::byte, 4> bytes{};
    ASSERT_TRUE(from_hex("00aBfF7e", bytes));
    EXPECT_EQ(to_hex(bytes), "00abff7e");
    EXPECT_EQ(to_hex({}), "");
    EXPECT_TRUE(from_hex("", {}));
}

TEST(Hex, LeavesTheOutputAloneWhenItRefuses) {
    std::array<std::byte, 2> bytes{std::byte{1}, std::byte{2}};
    for (const char* text : {"", "0", "001", "00112", "001122", "00g1", "0x11", " 011"}) {
        EXPECT_FALSE(from_hex(text, bytes)) << text;
        EXPECT_EQ(to_hex(bytes), "0102") << text;
    }
}

TEST(Text, SharesTheBytesOfAView) {
    const std::string text("a\0b", 3);
    EXPECT_EQ(as_text(as_bytes(text)), text);
    EXPECT_EQ(as_bytes(text).size(), 3U);
    EXPECT_EQ(from_u8(as_u8(as_bytes(text)), 3).data(), as_bytes(text).data());
}

TEST(Wipe, ClearsEverythingAndToleratesNothing) {
    std::array<std::byte, 64> bytes{};
    bytes.fill(std::byte{0xaa});
    wipe(bytes);
    EXPECT_EQ(to_hex(bytes), std::string(128, '0'));
    wipe({});
}

TEST(ByteReader, ReadsBigEndianIntegersInOrder) {
    std::array<std::byte, 15> bytes{};
    ASSERT_TRUE(from_hex("010203040506070809101112131415", bytes));
    ByteReader reader(bytes);
    EXPECT_EQ(reader.u8(), 0x01U);
    EXPECT_EQ(reader.u16(), 0x0203U);
    EXPECT_EQ(reader.u32(), 0x04050607U);
    EXPECT_EQ(reader.remaining(), 8U);
    EXPECT_EQ(reader.u64(), 0x0809101112131415U);
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(reader.remaining(), 0U);
}

TEST(ByteReader, StaysFailedAfterTheFirstOverrun) {
    const std::array<std::byte, 3> bytes{std::byte{1}, std::byte{2}, std::byte{3}};
    ByteReader reader(bytes);
    EXPECT_EQ(reader.u32(), 0U);
    EXPECT_FALSE(reader.ok());
    EXPECT_EQ(reader.u8(), 0U) << "a byte was there, but the reader has failed";
    EXPECT_TRUE(reader.take(1).empty());
    EXPECT_TRUE(reader.rest().empty());
    EXPECT_EQ(reader.remaining(), 0U);
}

TEST(ByteReader, TakesViewsWithoutCopying) {
    const std::array<std::byte, 4> bytes{};
    ByteReader reader(bytes);
    EXPECT_EQ(reader.take(0).size(), 0U);
    EXPECT_EQ(reader.take(3).data(), bytes.data());
    EXPECT_EQ(reader.rest().data(), bytes.data() + 3);
    EXPECT_TRUE(reader.take(SIZE_MAX).empty());
    EXPECT_FALSE(reader.ok());
}

TEST(ByteWriter, WritesWhatTheReaderReads) {
    std::array<std::byte, 32> buffer{};
    ByteWriter writer(buffer);
    writer.u8(1);
    writer.u16(0x0203);
    writer.u32(0x04050607);
    writer.u64(0x0809101112131415);
    writer.bytes(as_bytes("xy"));
    writer.bytes({});
    ASSERT_TRUE(writer.ok());
    EXPECT_EQ(writer.size(), 17U);
    EXPECT_EQ(writer.room(), 15U);
    EXPECT_EQ(to_hex(writer.written()), "0102030405060708091011121314157879");
}

TEST(ByteWriter, WritesNothingPastItsBufferAndStaysFailed) {
    std::array<std::byte, 4> buffer{};
    ByteWriter writer(MutableBytes(buffer).first(3));
    writer.u16(0x0102);
    writer.u16(0xffff);
    EXPECT_FALSE(writer.ok());
    writer.u8(0xff);
    writer.bytes(as_bytes("z"));
    EXPECT_EQ(writer.size(), 2U);
    EXPECT_EQ(to_hex(buffer), "01020000");
}

}  // namespace
}  // namespace qe::base
