// SPDX-License-Identifier: Apache-2.0
#include "host/deadline_timer.h"

#include <sys/timerfd.h>

#include "host/failure.h"

namespace qe::host {
namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

/// All zero would disarm, so the origin becomes its first nanosecond.
timespec to_timespec(base::Instant instant) noexcept {
    if (instant.is_never()) {
        return {};
    }
    const std::uint64_t ns = instant.nanoseconds() == 0 ? 1 : instant.nanoseconds();
    timespec time{};
    time.tv_sec = static_cast<time_t>(ns / kNanosecondsPerSecond);
    time.tv_nsec = static_cast<long>(ns % kNanosecondsPerSecond);
    return time;
}

}  // namespace

base::Result<DeadlineTimer> DeadlineTimer::make() {
    FileDescriptor fd(::timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC));
    if (!fd.valid()) {
        return fail_errno("creating the deadline timer");
    }
    return DeadlineTimer(std::move(fd));
}

bool DeadlineTimer::may_postpone(base::Instant now) noexcept {
    if (now >= window_ends_) {
        window_ends_ = now + kPostponementWindow;
        postponements_ = 0;
    }
    return ++postponements_ <= kPostponementsMax;
}

void DeadlineTimer::arm(base::Instant deadline, base::Instant now) noexcept {
    if (!fired_) {
        const bool pending = !armed_.is_never() && armed_ > now;
        const bool later = pending && deadline > armed_;
        if (deadline == armed_ || (later && !may_postpone(now))) {
            return;
        }
    }
    fired_ = false;
    armed_ = deadline;
    ++system_calls_;
    itimerspec when{};
    when.it_value = to_timespec(deadline);
    ::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &when, nullptr);
}

}  // namespace qe::host
