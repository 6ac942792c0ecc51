// SPDX-License-Identifier: Apache-2.0
//
// Rto: how long to wait for an acknowledgement, from the round trips seen so far (RFC 6298).
//
// One second at first and at least 200 ms, as Linux does instead of the second of section 2.4;
// doubled with each timeout, at most a minute.
#pragma once

#include <algorithm>

#include "quicether/base/time.h"

namespace qe::sim {

class Rto {
  public:
    static constexpr base::Duration kMin = base::milliseconds(200);
    static constexpr base::Duration kMax = base::seconds(60);

    void add_sample(base::Duration rtt) {
        if (smoothed_ == base::Duration(0)) {
            smoothed_ = rtt;
            variation_ = rtt / 2;
        } else {
            const base::Duration off = rtt > smoothed_ ? rtt - smoothed_ : smoothed_ - rtt;
            variation_ = (3 * variation_ + off) / 4;
            smoothed_ = (7 * smoothed_ + rtt) / 8;
        }
        least_ = least_ == base::Duration(0) ? rtt : std::min(least_, rtt);
        backoff_ = 1;
    }
    void on_timeout() { backoff_ = std::min(2 * backoff_, 64); }

    [[nodiscard]] base::Duration timeout() const {
        const base::Duration base = smoothed_ == base::Duration(0)
                                        ? base::Duration(base::seconds(1))
                                        : smoothed_ + std::max(4 * variation_, kMin);
        return std::min<base::Duration>(std::max<base::Duration>(base, kMin) * backoff_, kMax);
    }
    /// Zero before the first sample.
    [[nodiscard]] base::Duration smoothed() const noexcept { return smoothed_; }
    [[nodiscard]] base::Duration least() const noexcept { return least_; }

  private:
    base::Duration smoothed_{0};
    base::Duration variation_{0};
    base::Duration least_{0};
    int backoff_ = 1;
};

}  // namespace qe::sim
