// SPDX-License-Identifier: Apache-2.0
//
// Readiness: waits until services can really bind the overlay addresses, and then says so once.
//
// Asks the kernel by binding a socket to each: that fails for an address that is missing or still
// tentative, whatever the reason. Usually true at once; otherwise tried again every 20 ms.
#pragma once

#include <functional>
#include <vector>

#include "host/event_loop.h"
#include "quicether/net/ip_address.h"

namespace qe::host {

class Readiness {
  public:
    static constexpr base::milliseconds kInterval{20};

    Readiness(EventLoop& loop, std::function<void()> on_ready);

    /// Starts over with these addresses, unless on_ready has been called already.
    void wait_for(std::vector<net::Prefix> addresses);

  private:
    void check();

    std::vector<net::Prefix> addresses_;
    std::function<void()> on_ready_;
    bool done_ = false;
    CoarseTimer timer_;
};

}  // namespace qe::host
