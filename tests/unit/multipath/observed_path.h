// SPDX-License-Identifier: Apache-2.0
//
// ObservedPath: a connection that a test moves by hand, under a PathMonitor.
#pragma once

#include <gtest/gtest.h>

#include "quicether/multipath/path_monitor.h"

namespace qe::multipath {

/// A connection as a monitor sees it: 20 ms of round trip, 30 ms of probe timeout.
class ObservedPath {
  public:
    ObservedPath() {
        sample.smoothed_rtt = base::milliseconds(20);
        sample.min_rtt = base::milliseconds(20);
        sample.pto = base::milliseconds(30);
    }

    void wait(base::Duration time) { now = now + time; }
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
        wait(base::milliseconds(20));
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
        wait(base::milliseconds(250));
        ASSERT_TRUE(observe());
        ASSERT_EQ(monitor.state(), PathState::Failed);
    }

    base::Instant now = base::Instant::from_nanoseconds(1'000'000'000);
    PathSample sample;
    PathMonitor monitor{now};
};

}  // namespace qe::multipath
