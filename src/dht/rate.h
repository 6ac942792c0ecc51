// SPDX-License-Identifier: Apache-2.0
//
// Rate: so many events in the long run, so many at once (the generic cell rate algorithm).
//
// The state is one Instant, the time at which all that was let through would be worked off; the
// limits are passed in, so that tables of a thousand Rates stay small.
#pragma once

#include <algorithm>
#include <cstdint>

#include "quicether/base/time.h"

namespace qe::dht {

struct RateLimit {
    base::Duration interval{};  ///< Between events in the long run.
    base::Duration slack{};     ///< interval × (burst - 1)

    [[nodiscard]] static constexpr RateLimit of(std::uint32_t events, base::Duration period,
                                                std::uint32_t burst) noexcept {
        const base::Duration interval = period / std::max<std::uint32_t>(events, 1);
        return {interval, interval * (std::max<std::uint32_t>(burst, 1) - 1)};
    }
};

class Rate {
  public:
    [[nodiscard]] bool allows(base::Instant now, const RateLimit& limit) const noexcept {
        return worked_off_ - now <= limit.slack;
    }
    /// Counts an event, whether allowed or not.
    void count(base::Instant now, const RateLimit& limit) noexcept {
        worked_off_ = std::max(worked_off_, now) + limit.interval;
    }
    [[nodiscard]] bool take(base::Instant now, const RateLimit& limit) noexcept {
        const bool allowed = allows(now, limit);
        if (allowed) {
            count(now, limit);
        }
        return allowed;
    }
    /// When the next event will be allowed if nothing is counted until then.
    [[nodiscard]] base::Instant next_allowed(const RateLimit& limit) const noexcept {
        return worked_off_ - limit.slack;
    }

    [[nodiscard]] base::Instant worked_off() const noexcept { return worked_off_; }
    void raise_to(base::Instant worked_off) noexcept {
        worked_off_ = std::max(worked_off_, worked_off);
    }

  private:
    base::Instant worked_off_;
};

}  // namespace qe::dht
