// SPDX-License-Identifier: Apache-2.0
#include "host/clock.h"

#include <ctime>
#include <utility>

#include "quicether/base/assert.h"

namespace qe::host {
namespace {

timespec read_clock(clockid_t clock) noexcept {
    timespec time{};
    QE_ASSERT(::clock_gettime(clock, &time) == 0);
    return time;
}

base::Instant read_instant(clockid_t clock) noexcept {
    const timespec time = read_clock(clock);
    return base::Instant::from_nanoseconds(static_cast<std::uint64_t>(time.tv_sec) *
                                               1'000'000'000U +
                                           static_cast<std::uint64_t>(time.tv_nsec));
}

}  // namespace

base::Instant boottime_now() noexcept { return read_instant(CLOCK_BOOTTIME); }

base::Instant monotonic_now() noexcept { return read_instant(CLOCK_MONOTONIC); }

base::UnixTime wall_now() noexcept { return {read_clock(CLOCK_REALTIME).tv_sec}; }

bool SuspendDetector::observe(base::Instant boottime, base::Instant monotonic) noexcept {
    const base::Duration offset = boottime - monotonic;
    const std::optional<base::Duration> before = std::exchange(offset_, offset);
    return before && offset - *before > kThreshold;
}

}  // namespace qe::host
