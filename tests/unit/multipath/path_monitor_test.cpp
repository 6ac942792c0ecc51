// SPDX-License-Identifier: Apache-2.0
#include "quicether/multipath/path_monitor.h"

#include <gtest/gtest.h>

namespace qe::multipath {
namespace {

using base::Duration;
using base::Instant;
using base::milliseconds;
using Cause = PathMonitor::Cause;

/// A connection as a monitor sees it: 20 ms of round trip, 30 ms of probe timeout.
class Path {
  public:
    Path() {
        sample.smoothed_rtt = milliseconds(20);
        sample.min_rtt = milliseconds(20);
        sample.pto = milliseconds(30);
    }

    void wait(Duration time) { now = now + time; }
    bool observe() { return monitor.observe(now, sample); }
    bool send(std::uint64_t packets = 1) {
        sample.packets_sent += packets;
        sample.bytes_in_flight += packets * 1000;
        return observe();
    }
    /// Of all but `rest` bytes.
    bool acknowledge(std::uint64_t rest = 0) {
        sample.bytes_delivered += sample.bytes_in_flight - rest;
        sample.bytes_in_flight = rest;
        sample.last_acknowledged_at = now;
        return observe();
    }
    void exchange(std::uint64_t packets = 1) {
        send(packets);
        wait(milliseconds(20));
        acknowledge();
    }
    void activate() {
        exchange();
        ASSERT_EQ(monitor.state(), PathState::Active);
    }
    /// A window of 100 packets in 100 ms, of which so many are lost.
    bool window(std::uint64_t lost, std::uint64_t packets = 100) {
        send(packets);
        wait(PathMonitor::kWindowMin);
        sample.packets_lost += lost;
        sample.bytes_in_flight -= lost * 1000;
        return acknowledge();
    }
    void fail() {
        send();
        wait(milliseconds(250));
        ASSERT_TRUE(observe());
        ASSERT_EQ(monitor.state(), PathState::Failed);
    }

    Instant now = Instant::from_nanoseconds(1'000'000'000);
    PathSample sample;
    PathMonitor monitor{now};
};

TEST(PathMonitor, BeginsProbingAndAsksForAProbe) {
    const Path path;
    EXPECT_EQ(path.monitor.state(), PathState::Probing);
    EXPECT_EQ(path.monitor.cause(), Cause::None);
    EXPECT_EQ(path.monitor.probe_at(), path.now);
    EXPECT_TRUE(path.monitor.next_deadline().is_never());
}

TEST(PathMonitor, BecomesActiveWithTheFirstAnswer) {
    Path path;
    EXPECT_FALSE(path.send());
    path.wait(milliseconds(20));
    EXPECT_TRUE(path.acknowledge());
    EXPECT_EQ(path.monitor.state(), PathState::Active);
    EXPECT_TRUE(path.monitor.probe_at().is_never());
    EXPECT_TRUE(path.monitor.next_deadline().is_never());
}

TEST(PathMonitor, TakesNoAnswerForOneThatWasSentBeforeTheStateBegan) {
    Path path;
    path.send();
    path.wait(milliseconds(19));  // Less than a round trip since the path was made.
    EXPECT_FALSE(path.acknowledge());
    path.wait(milliseconds(100));
    EXPECT_FALSE(path.observe());  // The same acknowledgement as before.
    EXPECT_EQ(path.monitor.state(), PathState::Probing);
}

TEST(PathMonitor, DoubtsASilentPathAfterTwoTimeoutsAndFailsItLater) {
    Path path;
    path.activate();
    path.send();
    const Instant sent = path.now;
    EXPECT_EQ(path.monitor.next_deadline(), sent + milliseconds(60));
    path.wait(milliseconds(59));
    EXPECT_FALSE(path.observe());
    path.wait(milliseconds(1));
    EXPECT_TRUE(path.observe());
    EXPECT_EQ(path.monitor.state(), PathState::Degraded);
    EXPECT_EQ(path.monitor.cause(), Cause::Overdue);
    EXPECT_EQ(path.monitor.probe_at(), path.now + base::seconds(1));
    EXPECT_EQ(path.monitor.next_deadline(), sent + milliseconds(250));
    path.now = sent + milliseconds(250);
    EXPECT_TRUE(path.observe());
    EXPECT_EQ(path.monitor.state(), PathState::Failed);
    EXPECT_EQ(path.monitor.cause(), Cause::Silent);
    EXPECT_TRUE(path.monitor.next_deadline().is_never());
}

TEST(PathMonitor, AllowsForTheTimeoutOfASlowPathAndTheTimersOfAFastOne) {
    Path slow;
    slow.sample.pto = milliseconds(400);
    slow.activate();
    slow.send();
    EXPECT_EQ(slow.monitor.next_deadline(), slow.now + milliseconds(800));
    const Instant sent = slow.now;
    slow.wait(milliseconds(800));
    EXPECT_TRUE(slow.observe());
    EXPECT_EQ(slow.monitor.next_deadline(), sent + milliseconds(1200));

    Path fast;
    fast.sample.pto = milliseconds(1);
    fast.activate();
    fast.send();
    EXPECT_EQ(fast.monitor.next_deadline(), fast.now + PathMonitor::kDoubtMin);
}

TEST(PathMonitor, CountsTheSilenceFromTheLatestAcknowledgement) {
    Path path;
    path.activate();
    path.send(10);
    path.wait(milliseconds(50));
    path.acknowledge(5000);
    EXPECT_EQ(path.monitor.next_deadline(), path.now + milliseconds(60));
    path.wait(milliseconds(30));
    path.send(5);  // More in flight does not move the deadline.
    EXPECT_EQ(path.monitor.next_deadline(), path.now + milliseconds(30));
    path.acknowledge();
    EXPECT_TRUE(path.monitor.next_deadline().is_never());
}

TEST(PathMonitor, WaitsForNothingWhenNothingIsInFlight) {
    Path path;
    path.activate();
    path.wait(base::seconds(3600));
    EXPECT_FALSE(path.observe());
    EXPECT_EQ(path.monitor.state(), PathState::Active);
}

TEST(PathMonitor, RecoversWhenTheOverdueAcknowledgementComes) {
    Path path;
    path.activate();
    path.send(2);
    path.wait(milliseconds(100));
    path.observe();
    ASSERT_EQ(path.monitor.state(), PathState::Degraded);
    EXPECT_TRUE(path.acknowledge(1000));
    EXPECT_EQ(path.monitor.state(), PathState::Active);
    EXPECT_EQ(path.monitor.cause(), Cause::None);
    EXPECT_EQ(path.monitor.next_deadline(), path.now + milliseconds(60));
}

TEST(PathMonitor, AFailedPathThatAnswersProvesItselfOnceMore) {
    Path path;
    path.activate();
    path.fail();
    path.wait(milliseconds(10));
    EXPECT_TRUE(path.acknowledge());  // Late, and sent before it failed.
    EXPECT_EQ(path.monitor.state(), PathState::Probing);
    EXPECT_EQ(path.monitor.cause(), Cause::None);
    EXPECT_EQ(path.monitor.probe_at(), path.now);
    path.send();
    path.wait(milliseconds(20));
    EXPECT_TRUE(path.acknowledge());
    EXPECT_EQ(path.monitor.state(), PathState::Active);
}

TEST(PathMonitor, AProbingPathFailsWhenItsProbesStayUnanswered) {
    Path path;
    path.send();
    path.wait(milliseconds(100));
    EXPECT_FALSE(path.observe());  // No doubt about what carries no traffic.
    EXPECT_EQ(path.monitor.next_deadline(), path.now + milliseconds(150));
    path.wait(milliseconds(150));
    EXPECT_TRUE(path.observe());
    EXPECT_EQ(path.monitor.state(), PathState::Failed);
}

TEST(PathMonitor, ProbesAFailedPathEverMoreSeldom) {
    Path path;
    path.activate();
    path.fail();
    for (const int pause : {250, 500, 1000, 2000, 4000, 8000, 10'000, 10'000}) {
        EXPECT_EQ(path.monitor.probe_at(), path.now + milliseconds(pause));
        path.wait(milliseconds(pause));
        path.monitor.handle_probed(path.now);
    }
}

TEST(PathMonitor, TrafficInsteadOfAProbePutsItOff) {
    Path path;
    for (int i = 0; i < 5; ++i) {
        path.wait(milliseconds(300));
        path.monitor.handle_probed(path.now);
        EXPECT_EQ(path.monitor.probe_at(), path.now + base::seconds(1));
    }
    path.activate();
    path.monitor.handle_probed(path.now);
    EXPECT_TRUE(path.monitor.probe_at().is_never());
    path.fail();
    for (int i = 0; i < 5; ++i) {
        path.wait(milliseconds(100));
        path.monitor.handle_probed(path.now);
        EXPECT_EQ(path.monitor.probe_at(), path.now + milliseconds(250));
    }
}

TEST(PathMonitor, FollowsTheLink) {
    Path path;
    path.activate();
    path.send();
    EXPECT_TRUE(path.monitor.handle_link(path.now, false));
    EXPECT_EQ(path.monitor.state(), PathState::Failed);
    EXPECT_EQ(path.monitor.cause(), Cause::LinkDown);
    EXPECT_FALSE(path.monitor.handle_link(path.now, false));
    path.wait(base::seconds(10));
    EXPECT_TRUE(path.monitor.handle_link(path.now, true));
    EXPECT_EQ(path.monitor.state(), PathState::Probing);
    EXPECT_EQ(path.monitor.probe_at(), path.now);
    EXPECT_FALSE(path.observe());  // What was lost with the link is not held against it.
    EXPECT_EQ(path.monitor.next_deadline(), path.now + milliseconds(250));
    EXPECT_FALSE(path.monitor.handle_link(path.now, true));
}

TEST(PathMonitor, HearsNothingOldFromALinkThatIsDown) {
    Path path;
    path.activate();
    path.send();
    path.monitor.handle_link(path.now, false);
    path.wait(milliseconds(30));
    EXPECT_FALSE(path.acknowledge());  // It was on its way when the link went.
    EXPECT_EQ(path.monitor.state(), PathState::Failed);
    path.exchange();  // But this cannot come without a link.
    EXPECT_EQ(path.monitor.state(), PathState::Probing);
}

TEST(PathMonitor, ASilentPathThatLosesItsLinkNamesTheLink) {
    Path path;
    path.activate();
    path.fail();
    EXPECT_FALSE(path.monitor.handle_link(path.now, false));
    EXPECT_EQ(path.monitor.cause(), Cause::LinkDown);
    path.wait(milliseconds(30));
    EXPECT_FALSE(path.acknowledge());
}

TEST(PathMonitor, TwoLossyWindowsDegradeAndTwoCleanOnesRestore) {
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

TEST(PathMonitor, JudgesNoWindowThatIsTooSmallOrTooShort) {
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

TEST(PathMonitor, ALongQueueDegradesIt) {
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

TEST(PathMonitor, ALongPathIsNotAQueue) {
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

TEST(PathMonitor, StaysDegradedWhileEitherReasonLasts) {
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

TEST(PathMonitor, WhatAFailureLostIsNotHeldAgainstThePathThatIsBack) {
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

TEST(PathMonitor, MeasuresWhatArrives) {
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

TEST(PathMonitor, LittleToSendHardlyLowersTheRateButALongTimeDoes) {
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

TEST(PathMonitor, ABurstAfterAnIdleHourIsMeasuredWithoutTheHour) {
    Path path;
    path.activate();
    path.wait(base::seconds(3600));
    path.window(0);
    EXPECT_DOUBLE_EQ(path.monitor.delivery_rate(), 1e6);
}

}  // namespace
}  // namespace qe::multipath
