// SPDX-License-Identifier: Apache-2.0
#include "host/clock.h"

#include <gtest/gtest.h>

namespace qe::host {
namespace {

base::Instant at(base::Duration since_boot) { return base::Instant{} + since_boot; }

TEST(SuspendDetector, NoticesThatBootTimeRanAhead) {
    SuspendDetector detector;
    EXPECT_FALSE(detector.observe(at(base::seconds(500)), at(base::seconds(100))));
    EXPECT_FALSE(detector.observe(at(base::seconds(501)), at(base::seconds(101))));
    EXPECT_TRUE(detector.observe(at(base::seconds(562)), at(base::seconds(102))));
    EXPECT_FALSE(detector.observe(at(base::seconds(563)), at(base::seconds(103))));
}

TEST(SuspendDetector, IgnoresShortAndNoSleep) {
    SuspendDetector detector;
    EXPECT_FALSE(detector.observe(at(base::seconds(10)), at(base::seconds(10))));
    EXPECT_FALSE(detector.observe(at(base::seconds(3610)), at(base::seconds(3610))));
    EXPECT_FALSE(detector.observe(at(base::seconds(3613)), at(base::seconds(3611))));
}

TEST(Clock, BootTimeIsNotBehindMonotonicTime) {
    const auto monotonic = monotonic_now();
    EXPECT_GE(boottime_now(), monotonic);
    EXPECT_GT(wall_now().seconds, 1'700'000'000);
}

}  // namespace
}  // namespace qe::host
