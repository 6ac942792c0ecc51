// SPDX-License-Identifier: Apache-2.0
//
// RttEstimator: how long to wait for an answer of a node never asked before, from how long others
// took (the estimator of RFC 6298 over all nodes).
#pragma once

#include <algorithm>

#include "quicether/base/time.h"

namespace qe::dht {

class RttEstimator {
  public:
    static constexpr base::Duration kTimeoutMin = base::milliseconds(300);
    static constexpr base::Duration kTimeoutMax = base::milliseconds(3000);
    static constexpr base::Duration kTimeoutInitial = base::milliseconds(1000);

    void handle_sample(base::Duration rtt) noexcept {
        if (!measured_) {
            measured_ = true;
            mean_ = rtt;
            deviation_ = rtt / 2;
            return;
        }
        const base::Duration error = rtt > mean_ ? rtt - mean_ : mean_ - rtt;
        deviation_ += (error - deviation_) / 4;
        mean_ += (rtt - mean_) / 8;
    }

    [[nodiscard]] base::Duration timeout() const noexcept {
        return measured_ ? std::clamp(mean_ + 4 * deviation_, kTimeoutMin, kTimeoutMax)
                         : kTimeoutInitial;
    }
    /// Zero before the first sample.
    [[nodiscard]] base::Duration mean() const noexcept { return mean_; }

  private:
    base::Duration mean_{};
    base::Duration deviation_{};
    bool measured_ = false;
};

}  // namespace qe::dht
