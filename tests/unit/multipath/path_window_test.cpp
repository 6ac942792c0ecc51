// SPDX-License-Identifier: Apache-2.0
//
// What a PathMonitor concludes from windows of traffic: impairments and the delivery rate.
#include "quicether/multipath/path_monitor.h"

#include <gtest/gtest.h>

#include "observed_path.h"

namespace qe::multipath {
namespace {

using base::milliseconds;
using Cause = PathMonitor::Cause;
using Path = ObservedPath;

TEST(PathWindow, TwoLossyWindowsDegradeAndTwoCleanOnesRestore) {
    Path path;
    path.activate();
    EXPECT_FALSE(path.window(20));
    EXPECT_FALSE(path.window(2));
    EXPECT_FALSE(path.window(20));
    EXPECT_TRUE(path.window(11));
    EXPECT_EQ(path.monitor.state(), PathState::Degraded);
    EXPECT_EQ(path.monitor.cause(), Cause::Loss);
    EXPECT_GT(path.monitor.loss(), 0.05);
    EXPECT_FALSE(path.window(2));
    EXPECT_FALSE(path.window(5));  // Neither bad nor good: begins anew.
    EXPECT_FALSE(path.window(2));
    EXPECT_TRUE(path.window(0));
    EXPECT_EQ(path.monitor.state(), PathState::Active);
    EXPECT_EQ(path.monitor.cause(), Cause::None);
}

TEST(PathWindow, ProbesRestoreADegradedPathWithoutTraffic) {
    Path path;
    path.activate();
    path.window(20);
    ASSERT_TRUE(path.window(20));
    int probes = 0;
    for (; path.monitor.state() == PathState::Degraded && probes < 20; ++probes) {
        path.send(1);
        path.wait(milliseconds(20));
        path.acknowledge();
        path.wait(milliseconds(980));
    }
    EXPECT_EQ(path.monitor.state(), PathState::Active);
    EXPECT_GE(probes, 2 * static_cast<int>(PathMonitor::kQuietPackets));
}

TEST(PathWindow, JudgesNoWindowThatIsTooSmallOrTooShort) {
    Path path;
    path.activate();
    for (int i = 0; i < 12; ++i) {
        EXPECT_FALSE(path.window(2, 4));  // The thirteenth makes 52 packets.
    }
    EXPECT_EQ(path.monitor.loss(), 0);
    path.window(2, 4);
    EXPECT_GT(path.monitor.loss(), 0);

    Path burst;
    burst.activate();
    for (int i = 0; i < 4; ++i) {
        burst.send(100);
        burst.wait(milliseconds(20));
        burst.sample.packets_lost += 50;
        burst.acknowledge();
    }
    EXPECT_EQ(burst.monitor.loss(), 0);
}

TEST(PathWindow, ALongQueueDegradesIt) {
    Path path;
    path.activate();
    path.sample.smoothed_rtt = milliseconds(219);  // Eleven times the shortest, but short.
    path.window(0);
    EXPECT_FALSE(path.window(0));
    path.sample.smoothed_rtt = milliseconds(221);
    EXPECT_FALSE(path.window(0));
    EXPECT_TRUE(path.window(0));
    EXPECT_EQ(path.monitor.cause(), Cause::Queueing);
    path.sample.smoothed_rtt = milliseconds(30);
    path.window(0);
    EXPECT_TRUE(path.window(0));
    EXPECT_EQ(path.monitor.state(), PathState::Active);
}

TEST(PathWindow, ALongPathIsNotAQueue) {
    Path path;
    path.sample.min_rtt = milliseconds(300);
    path.sample.smoothed_rtt = milliseconds(1100);
    path.sample.pto = milliseconds(1500);
    path.send();
    path.wait(milliseconds(300));
    path.acknowledge();
    path.window(0);
    path.window(0);
    EXPECT_EQ(path.monitor.state(), PathState::Active);
}

TEST(PathWindow, StaysDegradedWhileEitherReasonLasts) {
    Path path;
    path.activate();
    path.window(20);
    path.window(20);
    ASSERT_EQ(path.monitor.cause(), Cause::Loss);
    path.send();
    path.wait(milliseconds(60));
    EXPECT_FALSE(path.observe());
    EXPECT_EQ(path.monitor.cause(), Cause::Overdue);
    EXPECT_FALSE(path.acknowledge());
    EXPECT_EQ(path.monitor.state(), PathState::Degraded);
    EXPECT_EQ(path.monitor.cause(), Cause::Loss);
}

TEST(PathWindow, WhatAFailureLostIsNotHeldAgainstThePathThatIsBack) {
    Path path;
    path.activate();
    path.send(200);
    path.wait(milliseconds(250));
    path.observe();
    ASSERT_EQ(path.monitor.state(), PathState::Failed);
    path.sample.packets_lost += 199;
    path.acknowledge();
    path.exchange();
    ASSERT_EQ(path.monitor.state(), PathState::Active);
    EXPECT_FALSE(path.window(0));
    EXPECT_EQ(path.monitor.loss(), 0);
}

TEST(PathWindow, MeasuresWhatArrives) {
    Path path;
    path.activate();
    EXPECT_EQ(path.monitor.delivery_rate(), 0);
    path.window(0);
    EXPECT_DOUBLE_EQ(path.monitor.delivery_rate(), 1e6);  // 100 kB in 100 ms.
    for (int i = 0; i < 10; ++i) {
        path.window(0, 500);
    }
    EXPECT_NEAR(path.monitor.delivery_rate(), 5e6, 5e4);
    path.fail();
    EXPECT_EQ(path.monitor.delivery_rate(), 0);
}

TEST(PathWindow, LittleToSendHardlyLowersTheRateButALongTimeDoes) {
    Path path;
    path.activate();
    for (int i = 0; i < 10; ++i) {
        path.window(0, 1000);
    }
    const double before = path.monitor.delivery_rate();
    for (int i = 0; i < 7; ++i) {
        path.window(0, 100);
    }
    EXPECT_GT(path.monitor.delivery_rate(), 0.99 * before);
    path.wait(base::seconds(60));  // Idle: no window at all.
    for (int i = 0; i < 4; ++i) {
        path.window(0, 100);
        EXPECT_GT(path.monitor.delivery_rate(), 0.7 * before);
    }
    for (int i = 0; i < 200; ++i) {
        path.window(0, 100);
    }
    EXPECT_NEAR(path.monitor.delivery_rate(), 1e6, 1e4);
}

TEST(PathWindow, ABurstAfterAnIdleHourIsMeasuredWithoutTheHour) {
    Path path;
    path.activate();
    path.wait(base::seconds(3600));
    path.window(0);
    EXPECT_DOUBLE_EQ(path.monitor.delivery_rate(), 1e6);
}

TEST(PathWindow, TrafficOfWhichNothingIsKnownIsNoGoodSign) {
    Path path;
    path.activate();
    path.window(20);
    path.window(20);
    ASSERT_EQ(path.monitor.cause(), Cause::Loss);
    path.sample.pto = milliseconds(200);
    for (int i = 0; i < 3; ++i) {
        path.send(100);
        path.wait(PathMonitor::kWindowMin);
        EXPECT_FALSE(path.observe());
    }
    EXPECT_EQ(path.monitor.cause(), Cause::Loss);
    EXPECT_GT(path.monitor.delivery_rate(), 0.9e6 * 80 / 100);
}

TEST(PathWindow, AGoodOneDoesNotExcuseAnOverdueAnswer) {
    Path path;
    path.activate();
    path.window(20);
    path.window(20);
    path.window(0);
    path.send(30);
    path.wait(milliseconds(50));
    path.acknowledge();
    path.send(30);
    path.wait(milliseconds(60));
    EXPECT_FALSE(path.observe());
    EXPECT_EQ(path.monitor.state(), PathState::Degraded);
    EXPECT_EQ(path.monitor.cause(), Cause::Overdue);
    EXPECT_TRUE(path.acknowledge());  // The loss had ended meanwhile.
    EXPECT_EQ(path.monitor.state(), PathState::Active);
}

}  // namespace
}  // namespace qe::multipath
