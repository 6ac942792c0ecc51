// SPDX-License-Identifier: Apache-2.0
//
// PathMonitor through random histories of a connection: whatever it is shown, it makes only steps
// that the table of path_state.h has, and its answers agree with each other.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "quicether/base/rng.h"
#include "quicether/multipath/path_monitor.h"

namespace qe::multipath {
namespace {

using base::Instant;
using Cause = PathMonitor::Cause;

bool is_step(PathState from, PathState to) {
    return std::any_of(kPathNews.begin(), kPathNews.end(),
                       [&](PathNews news) { return next_state(from, news) == to; });
}

bool is_blamed(PathState state) {
    return state == PathState::Degraded || state == PathState::Failed;
}

/// A connection on a link that changes its mind.
class Walk {
  public:
    explicit Walk(base::Rng& rng) : rng_(rng) {
        sample_.min_rtt = base::milliseconds(1 + rng_.below(100));
        sample_.smoothed_rtt = sample_.min_rtt;
    }

    /// Whether the monitor says that the state changed.
    bool step() {
        now_ = now_ + base::milliseconds(rng_.below(rng_.below(8) == 0 ? 400 : 25));
        if (rng_.below(200) == 0) {
            mood_ = rng_.below(4);
        }
        observed_ = rng_.below(300) != 0;
        if (!observed_) {
            return monitor.handle_link(now_, rng_.below(2) == 0);
        }
        if (now_ >= monitor.probe_at()) {
            send(1);
            monitor.handle_probed(now_);
        }
        send(rng_.below(40));
        if (mood_ != 0) {
            answer();
        }
        sample_.smoothed_rtt = sample_.min_rtt * (mood_ == 2 ? 8 : 1);
        sample_.pto = sample_.smoothed_rtt * 3 / 2;
        return monitor.observe(now_, sample_);
    }
    [[nodiscard]] Instant now() const { return now_; }
    [[nodiscard]] bool observed() const { return observed_; }

    PathMonitor monitor{Instant()};

  private:
    void send(std::uint64_t packets) {
        sample_.packets_sent += packets;
        sample_.bytes_in_flight += packets * 1000;
    }
    void answer() {
        const std::uint64_t packets = sample_.bytes_in_flight / 1000;
        const std::uint64_t gone = rng_.below(packets + 1);
        const std::uint64_t lost = mood_ == 3 ? gone / 4 : 0;
        sample_.packets_lost += lost;
        sample_.bytes_in_flight -= gone * 1000;
        sample_.bytes_delivered += (gone - lost) * 1000;
        if (gone > lost) {
            sample_.last_acknowledged_at = now_;
        }
    }

    base::Rng& rng_;
    Instant now_;
    PathSample sample_;
    bool observed_ = false;
    std::uint64_t mood_ = 1;  ///< 0: dead, 1: well, 2: queueing, 3: lossy.
};

TEST(PathMonitorWalk, MakesOnlyStepsOfTheTable) {
    base::Rng rng({});
    std::map<std::pair<PathState, PathState>, int> steps;
    std::map<Cause, int> causes;
    for (int round = 0; round < 40; ++round) {
        Walk walk(rng);
        for (int i = 0; i < 3000; ++i) {
            const PathState before = walk.monitor.state();
            const bool changed = walk.step();
            const PathMonitor& monitor = walk.monitor;
            const PathState after = monitor.state();
            ASSERT_EQ(changed, before != after);
            ASSERT_TRUE(is_step(before, after)) << to_text(before) << " to " << to_text(after);
            ASSERT_EQ(monitor.cause() != Cause::None, is_blamed(after));
            ASSERT_EQ(monitor.probe_at().is_never(), after == PathState::Active);
            ASSERT_TRUE(!walk.observed() || monitor.next_deadline() > walk.now());
            ASSERT_GE(monitor.loss(), 0);
            ASSERT_LE(monitor.loss(), 1);
            ASSERT_GE(monitor.delivery_rate(), 0);
            ++steps[{before, after}];
            ++causes[monitor.cause()];
        }
    }
    // The walks are worth something only if they went everywhere.
    for (const PathState from : kPathStates) {
        for (const PathState to : kPathStates) {
            EXPECT_EQ(steps.contains({from, to}), is_step(from, to))
                << to_text(from) << " to " << to_text(to);
        }
    }
    EXPECT_EQ(causes.size(), 6U);
}

}  // namespace
}  // namespace qe::multipath
