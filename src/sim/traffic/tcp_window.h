// SPDX-License-Identifier: Apache-2.0
//
// TcpWindow: how many bytes a reliable flow may have under way. Slow start, then CUBIC (RFC 9438)
// or Reno (RFC 5681) congestion avoidance; ten segments to begin with (RFC 6928).
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "quicether/base/time.h"
#include "sim/traffic/flow.h"

namespace qe::sim {

class TcpWindow {
  public:
    TcpWindow(TcpControl control, std::size_t mss) noexcept
        : control_(control), mss_(static_cast<double>(mss)), window_(kInitialSegments * mss_) {}

    [[nodiscard]] std::size_t bytes() const noexcept { return static_cast<std::size_t>(window_); }
    [[nodiscard]] bool in_slow_start() const noexcept { return window_ < threshold_; }

    /// `acked` bytes were newly acknowledged while the window was in full use.
    void on_acked(base::Instant now, std::size_t acked, base::Duration rtt) noexcept {
        const auto bytes = static_cast<double>(acked);
        if (in_slow_start()) {
            window_ += bytes;
        } else if (control_ == TcpControl::Reno) {
            window_ += mss_ * bytes / window_;
        } else {
            grow_cubic(now, bytes, rtt);
        }
    }
    /// A loss or a mark: once for each window.
    void on_congestion() noexcept {
        const double beta = control_ == TcpControl::Cubic ? kCubicBeta : kRenoBeta;
        // Fast convergence (RFC 9438, section 4.7).
        before_ = window_ < before_ ? window_ * (1 + kCubicBeta) / 2 : window_;
        window_ = threshold_ = std::max(window_ * beta, 2 * mss_);
        epoch_ = base::Instant::never();
    }
    void on_timeout() noexcept {
        on_congestion();
        window_ = mss_;
    }

  private:
    static constexpr double kInitialSegments = 10;
    static constexpr double kRenoBeta = 0.5;
    static constexpr double kCubicBeta = 0.7;
    static constexpr double kCubicC = 0.4;

    void grow_cubic(base::Instant now, double acked, base::Duration rtt) noexcept {
        if (epoch_.is_never()) {
            epoch_ = now;
            reno_ = window_;
            origin_ = std::max(before_, window_);
        }
        // Section 4.3: what Reno with the same decrease would have.
        reno_ += 3 * (1 - kCubicBeta) / (1 + kCubicBeta) * mss_ * acked / window_;
        const double k =
            std::cbrt((origin_ - std::min(window_at_epoch(), origin_)) / mss_ / kCubicC);
        const double t = std::chrono::duration<double>(now - epoch_ + rtt).count();
        const double target = origin_ + kCubicC * std::pow(t - k, 3) * mss_;
        const double bounded = std::clamp(target, window_, 1.5 * window_);
        window_ += (bounded - window_) * acked / window_;
        window_ = std::max(window_, reno_);
    }
    [[nodiscard]] double window_at_epoch() const noexcept { return threshold_; }

    TcpControl control_;
    double mss_;
    double window_;
    double threshold_ = std::numeric_limits<double>::infinity();
    double before_ = 0;  ///< W_max
    double origin_ = 0;
    double reno_ = 0;
    base::Instant epoch_ = base::Instant::never();
};

}  // namespace qe::sim
