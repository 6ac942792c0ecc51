// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "host/event_loop.h"

namespace qe::host {
namespace {

constexpr base::milliseconds kInterval(40);

TEST(LazyTimer, IsServedByTheRoundThatSomethingElseMakes) {
    EventLoop loop;
    int fired = 0;
    LazyTimer lazy(loop, [&] { ++fired; });
    CoarseTimer other(loop, [&] { loop.stop(); });
    lazy.start_repeating(kInterval);
    other.start_once(kInterval + base::milliseconds(10));
    loop.run();
    EXPECT_EQ(fired, 1);
}

TEST(LazyTimer, SleepsThroughRoundsWithinItsInterval) {
    EventLoop loop;
    int rounds = 0;
    int fired = 0;
    LazyTimer lazy(loop, [&] { ++fired; });
    lazy.start_repeating(base::seconds(3600));
    CoarseTimer other(loop, [&] {
        if (++rounds == 3) {
            loop.stop();
        }
    });
    other.start_repeating(base::milliseconds(1));
    loop.run();
    EXPECT_EQ(fired, 0);
}

TEST(LazyTimer, WakesTheLoopWhenNothingElseDoes) {
    EventLoop loop;
    int fired = 0;
    LazyTimer lazy(loop, [&] {
        if (++fired == 2) {
            loop.stop();
        }
    });
    lazy.start_repeating(base::milliseconds(5));
    loop.run();
    EXPECT_EQ(fired, 2);
}

}  // namespace
}  // namespace qe::host
