// SPDX-License-Identifier: Apache-2.0
#include "sim/disk.h"

#include <gtest/gtest.h>

namespace qe::sim {
namespace {

constexpr base::Instant kStart = base::Instant::from_nanoseconds(1'000'000'000);
constexpr base::Duration kWrite = base::milliseconds(100);

base::Bytes bytes(std::size_t size, int value) {
    return base::Bytes(size, static_cast<std::byte>(value));
}

Disk make_disk(const DiskOptions& options) { return {base::Rng(base::Rng::Seed{}), options}; }

TEST(Disk, KeepsContentsOnceTheyAreWritten) {
    Disk disk = make_disk({.write_time = kWrite});
    ASSERT_TRUE(disk.write(kStart, "peers", bytes(10, 1)));
    EXPECT_TRUE(disk.files(kStart + kWrite / 2).empty());
    EXPECT_EQ(disk.files(kStart + kWrite).at("peers"), bytes(10, 1));
}

TEST(Disk, WritesAtOnceByDefault) {
    Disk disk = make_disk({});
    ASSERT_TRUE(disk.write(kStart, "peers", bytes(10, 1)));
    EXPECT_EQ(disk.files(kStart).at("peers"), bytes(10, 1));
}

TEST(Disk, WritesTheNewestOfTheContentsThatWaited) {
    Disk disk = make_disk({.write_time = kWrite});
    disk.write(kStart, "peers", bytes(10, 1));
    disk.write(kStart, "peers", bytes(10, 2));
    disk.write(kStart + kWrite / 2, "peers", bytes(10, 3));
    EXPECT_EQ(disk.files(kStart + kWrite).at("peers"), bytes(10, 1));
    EXPECT_EQ(disk.files(kStart + 2 * kWrite).at("peers"), bytes(10, 3));
}

TEST(Disk, SettlesEvenIfNobodyLooksForLong) {
    Disk disk = make_disk({.write_time = kWrite});
    disk.write(kStart, "peers", bytes(10, 1));
    disk.write(kStart, "peers", bytes(10, 2));
    EXPECT_EQ(disk.files(kStart + 10 * kWrite).at("peers"), bytes(10, 2));
}

TEST(Disk, KeepsTheOldContentsWhenFull) {
    Disk disk = make_disk({});
    disk.write(kStart, "peers", bytes(10, 1));
    disk.set_options({.full = true});
    EXPECT_FALSE(disk.write(kStart, "peers", bytes(10, 2)));
    EXPECT_EQ(disk.files(kStart + kWrite).at("peers"), bytes(10, 1));
}

TEST(Disk, ForgetsAnUnfinishedAtomicWriteInACrash) {
    Disk disk = make_disk({.write_time = kWrite});
    disk.write(kStart, "peers", bytes(10, 1));
    disk.write(kStart + kWrite, "peers", bytes(10, 2));
    disk.crash(kStart + kWrite + kWrite / 2);
    EXPECT_EQ(disk.files(kStart + 10 * kWrite).at("peers"), bytes(10, 1));
}

TEST(Disk, LeavesTheBeginningOfATornWrite) {
    Disk disk = make_disk({.write_time = kWrite, .torn_on_crash = true});
    disk.write(kStart, "peers", bytes(1000, 1));
    disk.write(kStart + kWrite, "peers", bytes(1000, 2));
    disk.crash(kStart + kWrite);
    const base::Bytes& torn = disk.files(kStart + kWrite).at("peers");
    EXPECT_LE(torn.size(), 1000U);
    EXPECT_EQ(torn, bytes(torn.size(), 2));
}

TEST(Disk, TearsOnlyWhatWasBeingWritten) {
    Disk disk = make_disk({.write_time = kWrite, .torn_on_crash = true});
    disk.write(kStart, "peers", bytes(1000, 1));
    disk.crash(kStart + kWrite);
    EXPECT_EQ(disk.files(kStart + kWrite).at("peers"), bytes(1000, 1));
}

TEST(Disk, FinishesEverythingWhenTheHostStopsInOrder) {
    Disk disk = make_disk({.write_time = kWrite, .torn_on_crash = true});
    disk.write(kStart, "peers", bytes(10, 1));
    disk.write(kStart, "peers", bytes(10, 2));
    disk.finish();
    EXPECT_EQ(disk.files(kStart).at("peers"), bytes(10, 2));
}

}  // namespace
}  // namespace qe::sim
