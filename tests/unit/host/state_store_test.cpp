// SPDX-License-Identifier: Apache-2.0
#include "host/state_store.h"

#include <gtest/gtest.h>

#include "host/atomic_file.h"
#include "unit/host/temporary_directory.h"

namespace qe::host {
namespace {

base::Bytes bytes_of(std::string_view text) {
    const auto view = base::as_bytes(text);
    return {view.begin(), view.end()};
}

std::string text_of(const base::Result<base::Bytes>& bytes) {
    return bytes ? std::string(base::as_text(*bytes)) : "(" + std::string(bytes.error().text) + ")";
}

class StateStoreTest : public ::testing::Test {
  protected:
    [[nodiscard]] std::string current() const { return directory_.path() + "/table.state"; }

    void overwrite(const std::string& path, const base::Bytes& contents) {
        ASSERT_TRUE(write_file_atomically(path, contents));
    }

    TemporaryDirectory directory_;
    StateStore store_{directory_.path()};
};

TEST(Crc32, GivesTheCheckValueOfTheStandard) {
    EXPECT_EQ(crc32(base::as_bytes("123456789")), 0xCBF43926U);
}

TEST_F(StateStoreTest, ReadsBackWhatWasWritten) {
    ASSERT_TRUE(store_.write("table", bytes_of("first")));
    ASSERT_TRUE(store_.write("table", bytes_of("second")));
    EXPECT_EQ(text_of(store_.read("table")), "second");
    EXPECT_EQ(store_.names(), std::vector<std::string>{"table"});
}

TEST_F(StateStoreTest, KeepsEmptyContents) {
    ASSERT_TRUE(store_.write("table", {}));
    EXPECT_EQ(text_of(store_.read("table")), "");
}

TEST_F(StateStoreTest, TellsMissingFromDamaged) {
    EXPECT_EQ(store_.read("table").error().code, base::ErrorCode::kNotFound);
    overwrite(current(), bytes_of("no header at all"));
    EXPECT_EQ(store_.read("table").error().code, base::ErrorCode::kMalformed);
}

TEST_F(StateStoreTest, FallsBackToThePreviousCopyWhereverTheCurrentOneIsTorn) {
    ASSERT_TRUE(store_.write("table", bytes_of("first")));
    ASSERT_TRUE(store_.write("table", bytes_of("second")));
    const auto whole = *read_file(current(), 4096);
    for (std::size_t size = 0; size < whole.size(); ++size) {
        overwrite(current(), base::Bytes(whole.begin(), whole.begin() + std::ptrdiff_t(size)));
        EXPECT_EQ(text_of(store_.read("table")), "first") << "cut after " << size << " bytes";
    }
}

TEST_F(StateStoreTest, FallsBackToThePreviousCopyWhicheverBitHasFlipped) {
    ASSERT_TRUE(store_.write("table", bytes_of("first")));
    ASSERT_TRUE(store_.write("table", bytes_of("second")));
    const auto whole = *read_file(current(), 4096);
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        base::Bytes rotten = whole;
        rotten[bit / 8] ^= std::byte{1} << (bit % 8);
        overwrite(current(), rotten);
        EXPECT_EQ(text_of(store_.read("table")), "first") << "bit " << bit;
    }
}

TEST_F(StateStoreTest, SurvivesACrashBetweenTheTwoRenames) {
    ASSERT_TRUE(store_.write("table", bytes_of("first")));
    ASSERT_EQ(::rename(current().c_str(), (current() + ".prev").c_str()), 0);
    EXPECT_EQ(text_of(store_.read("table")), "first");
    EXPECT_EQ(store_.names(), std::vector<std::string>{"table"});
}

TEST_F(StateStoreTest, RefusesNamesThatWouldLeaveTheDirectory) {
    for (const char* name : {"", "..", "../x", "a/b", "A", "a.b", "a b"}) {
        EXPECT_FALSE(StateStore::is_valid_name(name)) << name;
        EXPECT_FALSE(store_.write(name, {})) << name;
        EXPECT_FALSE(store_.read(name)) << name;
    }
    EXPECT_FALSE(StateStore::is_valid_name(std::string(65, 'a')));
    EXPECT_TRUE(StateStore::is_valid_name("dht-nodes_2"));
}

TEST_F(StateStoreTest, RefusesWhatIsTooLargeAndKeepsTheOld) {
    ASSERT_TRUE(store_.write("table", bytes_of("small")));
    const base::Bytes large(StateStore::kContentsBytesMax + 1);
    EXPECT_EQ(store_.write("table", large).error().code, base::ErrorCode::kTooLarge);
    EXPECT_EQ(text_of(store_.read("table")), "small");
}

TEST_F(StateStoreTest, FailsWithoutHarmWhereTheDirectoryIsGone) {
    const StateStore nowhere(directory_.path() + "/missing");
    EXPECT_FALSE(nowhere.write("table", bytes_of("x")));
    EXPECT_EQ(nowhere.read("table").error().code, base::ErrorCode::kNotFound);
    EXPECT_TRUE(nowhere.names().empty());
}

}  // namespace
}  // namespace qe::host
