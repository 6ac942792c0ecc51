// SPDX-License-Identifier: Apache-2.0
//
// Resolver: DNS names to addresses through the system's resolver, on libuv's worker threads.
//
// Asks for both families. At most kInFlightMax lookups run at once and kWaitingMax wait; a name
// that is being looked up already, or does not fit any more, is dropped: the node asks again.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "host/event_loop.h"
#include "quicether/net/ip_address.h"

namespace qe::host {

class Resolver {
  public:
    static constexpr std::size_t kInFlightMax = 2;
    static constexpr std::size_t kWaitingMax = 256;
    /// An empty list when the name has no address or the lookup failed.
    using Callback = std::function<void(const std::string&, std::vector<net::IpAddress>)>;

    Resolver(EventLoop& loop, Callback callback);
    /// Lookups that still run end unheard.
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    void resolve(const std::string& host);
    /// True while a lookup runs, which nothing can cancel.
    [[nodiscard]] bool busy() const noexcept;

  private:
    struct Lookup;
    struct State;

    std::shared_ptr<State> state_;
};

}  // namespace qe::host
