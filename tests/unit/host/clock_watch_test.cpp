// SPDX-License-Identifier: Apache-2.0
#include "host/clock_watch.h"

#include <gtest/gtest.h>

#include <sys/timex.h>

namespace qe::host {
namespace {

/// Moves the wall clock by one nanosecond, which nobody notices but those who watch for it.
bool nudge(bool forward) {
    timex change{};
    change.modes = ADJ_SETOFFSET | ADJ_NANO;
    change.time.tv_sec = forward ? 0 : -1;
    change.time.tv_usec = forward ? 1 : 999'999'999;
    return ::clock_adjtime(CLOCK_REALTIME, &change) >= 0;
}

TEST(ClockWatch, WakesTheLoopEachTimeTheClockIsSet) {
    EventLoop loop;
    int jumps = 0;
    ClockWatch watch(loop, [&] {
        ++jumps;
        loop.stop();
    });
    CoarseTimer give_up(loop, [&] { loop.stop(); });
    give_up.start_once(base::milliseconds(5000));
    if (!nudge(true)) {
        GTEST_SKIP() << "needs the right to set the clock";
    }
    loop.run();
    EXPECT_EQ(jumps, 1);
    ASSERT_TRUE(nudge(false));
    loop.run();
    EXPECT_EQ(jumps, 2);
}

}  // namespace
}  // namespace qe::host
