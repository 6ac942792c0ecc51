// SPDX-License-Identifier: Apache-2.0
//
// NetworkWatcher: tells when the host's interfaces, addresses or routes have changed, and to what.
//
// Changes come in bursts (a link that comes up is some ten messages), so the first one starts a
// short wait and one dump covers them all. The wait grows with what a dump costs: a host with a
// full routing table must not spend its time dumping.
#pragma once

#include <functional>

#include "host/event_loop.h"
#include "host/netlink.h"
#include "quicether/base/log.h"

namespace qe::host {

class NetworkWatcher {
  public:
    static constexpr base::milliseconds kSettle{20};
    /// At most this share of the time goes into dumps: one part in …
    static constexpr int kDumpShare = 10;
    using Callback = std::function<void(const HostNetwork&)>;

    /// `netlink` outlives this.
    NetworkWatcher(EventLoop& loop, Netlink& netlink, NetlinkMonitor monitor, base::Log log,
                   Callback callback);

    /// As if something had changed.
    void look_again();

  private:
    void on_settled();

    Netlink& netlink_;
    NetlinkMonitor monitor_;
    base::Log log_;
    Callback callback_;
    base::LogLimiter limiter_{base::seconds(60)};
    base::milliseconds wait_ = kSettle;
    CoarseTimer settle_timer_;
    FdWatch watch_;
};

}  // namespace qe::host
