// SPDX-License-Identifier: Apache-2.0
//
// PathMonitor: judges one path from what its connection measures.
//
// A path is judged by acknowledged data, not by tiny probes (a path may pass those and nothing
// else). Overdue: something is in flight and nothing was acknowledged since, for two probe timeouts
// (RFC 9002, 6.2), at least 50 ms: doubtful; for three, at least 250 ms: silent. Impaired: two
// windows of traffic in a row lost more than kLossMax, or their round trip stands kQueueFactor
// times and kQueueMin above the shortest; two in a row without either end it.
//
//     monitor.observe(now, sample);        // after each batch of acknowledgements, and at
//     monitor.next_deadline();             // this time at the latest
//     monitor.state();
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "quicether/base/time.h"
#include "quicether/multipath/path_state.h"

namespace qe::multipath {

/// Running totals and present values of a path's connection. One connection for a monitor's life.
struct PathSample {
    base::Duration smoothed_rtt{0};
    base::Duration min_rtt{0};
    base::Duration pto{0};  ///< RFC 9002, 6.2.1, without back-off.
    std::uint64_t bytes_in_flight = 0;
    std::uint64_t bytes_delivered = 0;  ///< Acknowledged so far.
    std::uint64_t packets_sent = 0;
    std::uint64_t packets_lost = 0;
    base::Instant last_acknowledged_at;  ///< Of something new.
};

class PathMonitor {
  public:
    static constexpr base::Duration kDoubtMin = base::milliseconds(50);
    static constexpr base::Duration kSilenceMin = base::milliseconds(250);
    static constexpr double kLossMax = 0.10;      ///< Share of a window's packets.
    static constexpr double kLossHealthy = 0.03;  ///< Below it an impaired path is healthy again.
    static constexpr double kQueueFactor = 4.0;   ///< Smoothed over shortest round trip.
    static constexpr base::Duration kQueueMin = base::milliseconds(200);
    static constexpr std::uint64_t kWindowPackets = 50;  ///< Sent packets that make a verdict.
    static constexpr base::Duration kWindowMin = base::milliseconds(100);
    /// A degraded path without traffic is judged by its probes: so many, in so long.
    static constexpr std::uint64_t kQuietPackets = 6;
    static constexpr base::Duration kQuietWindow = base::seconds(2);
    static constexpr std::uint8_t kWindowsInARow = 2;  ///< For and against an impairment.
    static constexpr base::Duration kProbePause = base::seconds(1);  ///< Probing and Degraded.
    static constexpr base::Duration kFailedPauseMin = base::milliseconds(250);
    static constexpr base::Duration kFailedPauseMax = base::seconds(1);

    /// Why the path is Degraded or Failed; None in the other states.
    enum class Cause : std::uint8_t { None, Overdue, Silent, Loss, Queueing, LinkDown };

    explicit PathMonitor(base::Instant now) noexcept
        : entered_at_(now), probe_at_(now), window_began_(now) {}

    /// Returns whether the state changed. At most one step of next_state().
    bool observe(base::Instant now, const PathSample& sample) noexcept;
    /// The interface went (false) or came (true). Returns whether the state changed.
    bool handle_link(base::Instant now, bool up) noexcept;

    [[nodiscard]] PathState state() const noexcept { return state_; }
    [[nodiscard]] Cause cause() const noexcept { return cause_; }
    /// When the present state was entered.
    [[nodiscard]] base::Instant since() const noexcept { return entered_at_; }
    /// How long an acknowledgement may take before it is overdue.
    [[nodiscard]] base::Duration doubtful_after() const noexcept;
    /// When an answer that is due becomes overdue or silent; never() with nothing in flight.
    [[nodiscard]] base::Instant next_deadline() const noexcept;
    /// When a path without traffic wants a probe: each second while Probing or Degraded, and while
    /// Failed from 250 ms to a second apart; never() while Active.
    [[nodiscard]] base::Instant probe_at() const noexcept { return probe_at_; }
    /// A probe, or traffic instead of it, has left.
    void handle_probed(base::Instant now) noexcept;
    /// Bytes per second that arrived: the most of the last windows with traffic, smoothed. What the
    /// path could deliver is at least this. 0 while unknown, as after it failed.
    [[nodiscard]] double delivery_rate() const noexcept { return rate_; }
    /// Share of packets lost in the last windows, smoothed.
    [[nodiscard]] double loss() const noexcept { return loss_; }

  private:
    static constexpr std::size_t kRatesMax = 8;

    bool apply(base::Instant now, PathNews news, Cause cause) noexcept;
    void enter(base::Instant now, PathState next) noexcept;
    [[nodiscard]] bool is_answer(base::Instant acknowledged_at) const noexcept;
    [[nodiscard]] bool carries_traffic() const noexcept;
    [[nodiscard]] base::Duration silent_after() const noexcept;

    bool on_acknowledged(base::Instant now) noexcept;
    bool judge_silence(base::Instant now) noexcept;
    bool judge_window(base::Instant now) noexcept;
    bool judge_impairment(base::Instant now, double loss) noexcept;
    void begin_window(base::Instant now) noexcept;
    void add_rate(double rate) noexcept;

    PathState state_ = PathState::Probing;
    Cause cause_ = Cause::None;
    Cause impairment_ = Cause::None;  ///< Loss or Queueing while it lasts, overdue or not.
    bool overdue_ = false;
    PathSample last_;
    base::Instant waiting_since_ = base::Instant::never();  ///< For an acknowledgement.
    base::Instant entered_at_;                              ///< The present state.
    std::uint64_t entered_sent_ = 0;                        ///< Packets, when it was entered.
    base::Instant probe_at_;
    base::Duration probe_pause_ = kProbePause;

    // The window under way, and what the last ones said.
    base::Instant window_began_;
    std::uint64_t window_sent_ = 0;
    std::uint64_t window_lost_ = 0;
    std::uint64_t window_delivered_ = 0;
    std::uint8_t bad_windows_ = 0;   ///< In a row.
    std::uint8_t good_windows_ = 0;  ///< In a row.
    std::array<double, kRatesMax> rates_{};
    std::size_t rate_count_ = 0;
    double rate_ = 0;
    double loss_ = 0;
};

/// ": no acknowledgement for long" and the like, to follow the name of a state; empty for None.
[[nodiscard]] std::string_view explain(PathMonitor::Cause cause) noexcept;

}  // namespace qe::multipath
