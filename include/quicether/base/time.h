// SPDX-License-Identifier: Apache-2.0
//
// Time as an argument. The core never reads a clock: whoever drives it passes `Instant now`.
//
// Instant is monotonic, in nanoseconds from an origin of the driver's choosing (the daemon's is
// CLOCK_BOOTTIME's, the simulator's is zero). UnixTime is wall time in whole seconds; only
// certificates and logs need it.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace qe::base {

using Duration = std::chrono::nanoseconds;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// A point on the driver's monotonic time line.
class Instant {
  public:
    constexpr Instant() = default;
    [[nodiscard]] static constexpr Instant from_nanoseconds(std::uint64_t ns) noexcept {
        Instant t;
        t.ns_ = ns;
        return t;
    }
    /// Later than every other Instant: "no deadline".
    [[nodiscard]] static constexpr Instant never() noexcept {
        return from_nanoseconds(std::numeric_limits<std::uint64_t>::max());
    }

    [[nodiscard]] constexpr std::uint64_t nanoseconds() const noexcept { return ns_; }
    [[nodiscard]] constexpr bool is_never() const noexcept { return *this == never(); }

    friend constexpr auto operator<=>(const Instant&, const Instant&) = default;

    /// Saturates at never() and at the origin.
    friend constexpr Instant operator+(Instant t, Duration d) noexcept {
        const auto delta = static_cast<std::uint64_t>(d.count() < 0 ? 0 : d.count());
        return t.ns_ > never().ns_ - delta ? never() : from_nanoseconds(t.ns_ + delta);
    }
    friend constexpr Instant operator-(Instant t, Duration d) noexcept {
        const auto delta = static_cast<std::uint64_t>(d.count() < 0 ? 0 : d.count());
        return from_nanoseconds(t.ns_ < delta ? 0 : t.ns_ - delta);
    }
    /// Zero when `earlier` is in fact later; saturates, so that the time until never() is long.
    friend constexpr Duration operator-(Instant later, Instant earlier) noexcept {
        constexpr auto kMax = static_cast<std::uint64_t>(Duration::max().count());
        const std::uint64_t ns = later.ns_ < earlier.ns_ ? 0 : later.ns_ - earlier.ns_;
        return Duration(static_cast<std::int64_t>(ns < kMax ? ns : kMax));
    }

  private:
    std::uint64_t ns_ = 0;
};

/// Wall time in seconds since 1970-01-01 UTC.
struct UnixTime {
    std::int64_t seconds = 0;
    friend constexpr auto operator<=>(const UnixTime&, const UnixTime&) = default;
};

}  // namespace qe::base
