// SPDX-License-Identifier: Apache-2.0
//
// ClockWatch: wakes the loop when the wall clock was set, or ran on without us during a suspend.
//
// A timerfd on CLOCK_REALTIME that never expires but is cancelled by a jump
// (TFD_TIMER_CANCEL_ON_SET, timerfd_create(2)): it costs nothing until then. Slewing, which NTP
// does, is not a jump.
#pragma once

#include <functional>
#include <optional>

#include "host/event_loop.h"
#include "host/file_descriptor.h"

namespace qe::host {

class ClockWatch {
  public:
    /// Where the kernel has no such timer nothing is watched.
    ClockWatch(EventLoop& loop, std::function<void()> on_jump);

  private:
    void set() noexcept;
    void on_readable();

    FileDescriptor fd_;
    std::function<void()> on_jump_;
    std::optional<FdWatch> watch_;
};

}  // namespace qe::host
