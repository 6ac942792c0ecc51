// SPDX-License-Identifier: Apache-2.0
//
// DeadlineTimer: wakes the loop at an Instant, to the precision of the kernel's timers.
//
// QUIC pacing asks for deadlines of some ten microseconds, libuv's timers know milliseconds: hence
// a timerfd on CLOCK_BOOTTIME (timerfd_create(2)), which also fires at once when a suspended host
// wakes up with the deadline behind it.
#pragma once

#include "host/file_descriptor.h"
#include "quicether/base/result.h"
#include "quicether/base/time.h"

namespace qe::host {

class DeadlineTimer {
  public:
    [[nodiscard]] static base::Result<DeadlineTimer> make();

    /// Readable once the deadline has passed.
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }
    /// Absolute; never() disarms. No system call when the deadline is the one already set.
    void arm(base::Instant deadline) noexcept;
    /// Makes the descriptor unreadable again. After it, arm() sets any deadline anew.
    void acknowledge() noexcept;

  private:
    explicit DeadlineTimer(FileDescriptor fd) noexcept : fd_(std::move(fd)) {}

    FileDescriptor fd_;
    base::Instant armed_ = base::Instant::never();
};

}  // namespace qe::host
