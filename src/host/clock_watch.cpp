// SPDX-License-Identifier: Apache-2.0
#include "host/clock_watch.h"

#include <cstdint>
#include <utility>

#include <sys/timerfd.h>
#include <unistd.h>

namespace qe::host {
namespace {

/// Seconds after 1970: the year 2242, with room for what the kernel adds to it.
constexpr time_t kNever = time_t{1} << 33;

}  // namespace

ClockWatch::ClockWatch(EventLoop& loop, std::function<void()> on_jump)
    : fd_(::timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC)),
      on_jump_(std::move(on_jump)) {
    if (fd_.valid()) {
        set();
        watch_.emplace(loop, fd_.get(), [this](FdEvents) { on_readable(); });
        watch_->set({.readable = true});
    }
}

void ClockWatch::set() noexcept {
    itimerspec when{};
    when.it_value.tv_sec = kNever;
    ::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, nullptr);
}

void ClockWatch::on_readable() {
    // Fails with ECANCELED and thereby takes the cancellation off.
    std::uint64_t expirations = 0;
    [[maybe_unused]] const auto size = ::read(fd_.get(), &expirations, sizeof expirations);
    set();
    on_jump_();
}

}  // namespace qe::host
