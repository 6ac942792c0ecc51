// SPDX-License-Identifier: Apache-2.0
//
// The daemon's clocks. Instant is CLOCK_BOOTTIME, which goes on while the host is suspended: a peer
// silent for an hour of sleep has been silent for an hour.
#pragma once

#include <optional>

#include "quicether/base/time.h"

namespace qe::host {

[[nodiscard]] base::Instant boottime_now() noexcept;
/// CLOCK_MONOTONIC: stands still during suspend.
[[nodiscard]] base::Instant monotonic_now() noexcept;
[[nodiscard]] base::UnixTime wall_now() noexcept;

/// Notices that the host slept, by how far boot time ran ahead of monotonic time.
class SuspendDetector {
  public:
    /// Shorter gaps are clock reading noise or a sleep that no peer could notice.
    static constexpr base::Duration kThreshold = base::seconds(2);

    /// True when the host was suspended for longer than kThreshold since the last call. Both clocks
    /// read at the same moment; the first call only takes note.
    [[nodiscard]] bool observe(base::Instant boottime, base::Instant monotonic) noexcept;

  private:
    std::optional<base::Duration> offset_;
};

}  // namespace qe::host
