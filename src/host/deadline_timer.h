// SPDX-License-Identifier: Apache-2.0
//
// DeadlineTimer: wakes the loop at an Instant, to the precision of the kernel's timers.
//
// QUIC pacing asks for deadlines of some ten microseconds, libuv's timers know milliseconds: hence
// a timerfd on CLOCK_BOOTTIME (timerfd_create(2)), which also fires at once when a suspended host
// wakes up with the deadline behind it.
#pragma once

#include <cstdint>

#include "host/file_descriptor.h"
#include "quicether/base/result.h"
#include "quicether/base/time.h"

namespace qe::host {

class DeadlineTimer {
  public:
    [[nodiscard]] static base::Result<DeadlineTimer> make();

    /// Readable once the deadline has passed.
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    /// Absolute; never() disarms, sooner or later. Under load the deadline moves on with every
    /// round: after kPostponementsMax system calls within kPostponementWindow an armed deadline
    /// that is still to come and not later is left alone. The timer then fires early, once, and
    /// whoever looks finds nothing due and arms again. With `now` an armed deadline that has passed
    /// meanwhile is replaced without waking for it.
    void arm(base::Instant deadline, base::Instant now = {}) noexcept;

    static constexpr unsigned kPostponementsMax = 8;
    static constexpr base::Duration kPostponementWindow = base::milliseconds(100);

    /// To be called when the descriptor is readable. The next arm() makes it unreadable again.
    void acknowledge() noexcept { fired_ = true; }
    /// Made by arm() so far.
    [[nodiscard]] std::uint64_t system_calls() const noexcept { return system_calls_; }

  private:
    explicit DeadlineTimer(FileDescriptor fd) noexcept : fd_(std::move(fd)) {}

    /// An idle node saves a wake by moving the deadline on, a busy one saves system calls by not.
    [[nodiscard]] bool may_postpone(base::Instant now) noexcept;

    FileDescriptor fd_;
    base::Instant armed_ = base::Instant::never();
    base::Instant window_ends_{};
    unsigned postponements_ = 0;  ///< Within the window.
    bool fired_ = false;  ///< Readable, and seen to be; setting the timer undoes that (timerfd).
    std::uint64_t system_calls_ = 0;
};

}  // namespace qe::host
