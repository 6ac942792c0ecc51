// SPDX-License-Identifier: Apache-2.0
#include "host/state_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include <sys/stat.h>

#include "unit/host/temporary_directory.h"

namespace qe::host {
namespace {

using ::testing::HasSubstr;

class StateDirectoryTest : public ::testing::Test {
  protected:
    [[nodiscard]] Checked<crypto::PublicKey> key_at_start() {
        auto directory = StateDirectory::open(path_);
        if (!directory) {
            return refuse(directory.error());
        }
        auto identity = directory->load_or_create_identity(rng_);
        if (!identity) {
            return refuse(identity.error());
        }
        return identity->public_key();
    }

    static mode_t mode_of(const std::string& path) {
        struct stat info {};
        return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
    }

    TemporaryDirectory temporary_;
    std::string path_ = temporary_.path() + "/a/state";
    std::string key_ = path_ + "/node.key";
    base::Rng rng_{base::Rng::Seed{}};
};

TEST_F(StateDirectoryTest, MakesDirectoryAndKeyForTheOwnerAlone) {
    ASSERT_TRUE(key_at_start());
    EXPECT_EQ(mode_of(path_), 0700U);
    EXPECT_EQ(mode_of(key_), 0600U);
}

TEST_F(StateDirectoryTest, KeepsTheKeyOverRestarts) {
    const auto first = key_at_start();
    const auto second = key_at_start();
    ASSERT_TRUE(first && second);
    EXPECT_EQ(*first, *second);
}

TEST_F(StateDirectoryTest, RefusesAKeyThatOthersCanRead) {
    ASSERT_TRUE(key_at_start());
    ASSERT_EQ(::chmod(key_.c_str(), 0640), 0);
    const auto key = key_at_start();
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error(), "key file " + key_ +
                               " can be read by others (mode 0640): run chmod 600 " + key_ +
                               ", or remove it for a new identity if the key may have leaked");
}

TEST_F(StateDirectoryTest, RefusesADamagedKeyAndLeavesIt) {
    ASSERT_TRUE(key_at_start());
    std::ofstream(key_) << "nonsense\n";
    const auto key = key_at_start();
    ASSERT_FALSE(key);
    EXPECT_THAT(key.error(), HasSubstr("key file " + key_ + " is damaged"));
    EXPECT_TRUE(std::filesystem::exists(key_));
}

TEST_F(StateDirectoryTest, RefusesASecondDaemon) {
    const auto first = StateDirectory::open(path_);
    ASSERT_TRUE(first);
    const auto second = StateDirectory::open(path_);
    ASSERT_FALSE(second);
    EXPECT_THAT(second.error(), HasSubstr("another quicether daemon runs on state directory"));
}

TEST_F(StateDirectoryTest, UnlocksWhenItGoes) {
    { ASSERT_TRUE(StateDirectory::open(path_)); }
    EXPECT_TRUE(StateDirectory::open(path_));
}

TEST_F(StateDirectoryTest, RefusesADirectoryThatOthersMayWriteTo) {
    ASSERT_TRUE(StateDirectory::open(path_));
    ASSERT_EQ(::chmod(path_.c_str(), 0777), 0);
    const auto opened = StateDirectory::open(path_);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error(), HasSubstr("can be written by others"));
}

TEST_F(StateDirectoryTest, RefusesAFileInItsPlace) {
    std::filesystem::create_directories(temporary_.path() + "/a");
    std::ofstream(path_) << "a file";
    const auto opened = StateDirectory::open(path_);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error(), HasSubstr("is not a directory"));
}

}  // namespace
}  // namespace qe::host
