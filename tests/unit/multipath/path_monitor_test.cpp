// SPDX-License-Identifier: Apache-2.0
#include "quicether/multipath/path_monitor.h"

#include <gtest/gtest.h>

#include "observed_path.h"

namespace qe::multipath {
namespace {

using base::Instant;
using base::milliseconds;
using Cause = PathMonitor::Cause;
using Path = ObservedPath;

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

TEST(PathMonitor, ProbesAFailedPathOnceASecondAtLeast) {
    Path path;
    path.activate();
    path.fail();
    for (const int pause : {250, 500, 1000, 1000}) {
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

}  // namespace
}  // namespace qe::multipath
