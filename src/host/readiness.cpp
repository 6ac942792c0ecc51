// SPDX-License-Identifier: Apache-2.0
#include "host/readiness.h"

#include <utility>

#include "host/host_configurator.h"

namespace qe::host {

Readiness::Readiness(EventLoop& loop, std::function<void()> on_ready)
    : on_ready_(std::move(on_ready)), timer_(loop, [this] { check(); }) {}

void Readiness::wait_for(std::vector<net::Prefix> addresses) {
    addresses_ = std::move(addresses);
    if (!done_) {
        check();
    }
}

void Readiness::check() {
    if (!all_bindable(addresses_)) {
        timer_.start_once(kInterval);
        return;
    }
    timer_.stop();
    done_ = true;
    on_ready_();
}

}  // namespace qe::host
