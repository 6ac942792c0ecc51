// SPDX-License-Identifier: Apache-2.0
#include "host/network_watcher.h"

#include <algorithm>
#include <utility>

#include "host/clock.h"
#include "host/failure.h"

namespace qe::host {

NetworkWatcher::NetworkWatcher(EventLoop& loop, Netlink& netlink, NetlinkMonitor monitor,
                               base::Log log, Callback callback)
    : netlink_(netlink),
      monitor_(std::move(monitor)),
      log_(log),
      callback_(std::move(callback)),
      settle_timer_(loop, [this] { on_settled(); }),
      watch_(loop, monitor_.fd(), [this](FdEvents) {
          if (monitor_.drain()) {
              look_again();
          }
      }) {
    watch_.set({.readable = true});
}

void NetworkWatcher::look_again() {
    if (!settle_timer_.active()) {
        settle_timer_.start_once(wait_);
    }
}

void NetworkWatcher::on_settled() {
    const base::Instant start = monotonic_now();
    const auto network = netlink_.dump();
    const auto took = std::chrono::duration_cast<base::milliseconds>(monotonic_now() - start);
    wait_ = std::max(kSettle, took * kDumpShare);
    if (network) {
        callback_(*network);
        return;
    }
    if (limiter_.admit(start)) {
        log_.warn("the host's network cannot be read: {}", describe(network.error()));
    }
    settle_timer_.start_once(base::seconds(1));
}

}  // namespace qe::host
