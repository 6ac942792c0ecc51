// SPDX-License-Identifier: Apache-2.0
#include "quicether/multipath/path_monitor.h"

#include <algorithm>

namespace qe::multipath {

namespace {

/// Weights of the latest window. A rate rises at once to where a path was seen to go, and falls
/// slowly, because a window with little to send says nothing about the path.
constexpr double kLossGain = 1.0 / 4;
constexpr double kRateRise = 1.0 / 2;
constexpr double kRateFall = 1.0 / 16;

double seconds_of(base::Duration time) noexcept {
    return std::chrono::duration<double>(time).count();
}

/// Growth of a total. A connection may take a loss back.
std::uint64_t growth(std::uint64_t now, std::uint64_t before) noexcept {
    return now > before ? now - before : 0;
}

bool is_queueing(const PathSample& sample) noexcept {
    const base::Duration shortest = sample.min_rtt;
    const base::Duration smoothed = sample.smoothed_rtt;
    return seconds_of(smoothed) > PathMonitor::kQueueFactor * seconds_of(shortest) &&
           smoothed > shortest + PathMonitor::kQueueMin;
}

}  // namespace

bool PathMonitor::observe(base::Instant now, const PathSample& sample) noexcept {
    const bool acknowledged = sample.last_acknowledged_at > last_.last_acknowledged_at;
    const bool idle_window = last_.packets_sent == window_sent_ && last_.bytes_in_flight == 0;
    last_ = sample;
    if (sample.bytes_in_flight == 0) {
        waiting_since_ = base::Instant::never();
    } else if (acknowledged || waiting_since_.is_never()) {
        waiting_since_ = now;
    }
    if (idle_window) {
        window_began_ = now;
        window_delivered_ = sample.bytes_delivered;
    }
    if (acknowledged && on_acknowledged(now)) {
        return true;
    }
    return judge_silence(now) || judge_window(now);
}

bool PathMonitor::handle_link(base::Instant now, bool up) noexcept {
    if (up) {
        return apply(now, PathNews::LinkUp, Cause::None);
    }
    const bool changed = apply(now, PathNews::LinkDown, Cause::LinkDown);
    if (!changed && cause_ != Cause::LinkDown) {
        // Failed before: from now on only what is sent from now on can answer.
        cause_ = Cause::LinkDown;
        entered_at_ = now;
        entered_sent_ = last_.packets_sent;
    }
    return changed;
}

base::Instant PathMonitor::next_deadline() const noexcept {
    if (waiting_since_.is_never() || state_ == PathState::Failed) {
        return base::Instant::never();
    }
    const bool doubtful_next = carries_traffic() && !overdue_;
    return waiting_since_ + (doubtful_next ? doubtful_after() : silent_after());
}

void PathMonitor::handle_probed(base::Instant now) noexcept {
    if (state_ == PathState::Active) {
        return;
    }
    if (state_ == PathState::Failed && now >= probe_at_) {
        probe_pause_ = std::min(2 * probe_pause_, kFailedPauseMax);
    }
    probe_at_ = now + probe_pause_;
}

/// One step of the machine. Whether the state changed.
bool PathMonitor::apply(base::Instant now, PathNews news, Cause cause) noexcept {
    const PathState next = next_state(state_, news);
    if (next == state_) {
        return false;
    }
    enter(now, next);
    const bool blamed = next == PathState::Degraded || next == PathState::Failed;
    cause_ = blamed ? cause : Cause::None;
    return true;
}

void PathMonitor::enter(base::Instant now, PathState next) noexcept {
    const bool was_failed = state_ == PathState::Failed;
    state_ = next;
    entered_at_ = now;
    entered_sent_ = last_.packets_sent;
    switch (next) {
        case PathState::Probing:
        case PathState::Degraded:
            probe_pause_ = kProbePause;
            probe_at_ = was_failed ? now : now + probe_pause_;
            break;
        case PathState::Active:
            probe_at_ = base::Instant::never();
            break;
        case PathState::Failed:
            probe_pause_ = kFailedPauseMin;
            probe_at_ = now + probe_pause_;
            rate_count_ = 0;
            rate_ = 0;
            break;
    }
    if (was_failed && !waiting_since_.is_never()) {
        waiting_since_ = now;  // What was sent before is forgiven.
    }
    if (!carries_traffic()) {
        overdue_ = false;
        impairment_ = Cause::None;
    }
    begin_window(now);
    bad_windows_ = 0;
    good_windows_ = 0;
}

/// Only what was sent in this state counts, except that a path that fell silent is heard at once.
bool PathMonitor::is_answer(base::Instant acknowledged_at) const noexcept {
    const bool heard_at_once = state_ == PathState::Failed && cause_ != Cause::LinkDown;
    return heard_at_once ||
           (last_.packets_sent > entered_sent_ && acknowledged_at >= entered_at_ + last_.min_rtt);
}

bool PathMonitor::carries_traffic() const noexcept {
    return state_ == PathState::Active || state_ == PathState::Degraded;
}

base::Duration PathMonitor::doubtful_after() const noexcept {
    return std::max(2 * last_.pto, kDoubtMin);
}

base::Duration PathMonitor::silent_after() const noexcept {
    return std::max(3 * last_.pto, kSilenceMin);
}

bool PathMonitor::on_acknowledged(base::Instant now) noexcept {
    if (!carries_traffic()) {
        return is_answer(last_.last_acknowledged_at) && apply(now, PathNews::Answers, Cause::None);
    }
    if (!overdue_) {
        return false;
    }
    overdue_ = false;
    if (impairment_ == Cause::None) {
        return apply(now, PathNews::Healthy, Cause::None);
    }
    cause_ = impairment_;
    return false;
}

bool PathMonitor::judge_silence(base::Instant now) noexcept {
    if (waiting_since_.is_never()) {
        return false;
    }
    if (now >= waiting_since_ + silent_after()) {
        return apply(now, PathNews::Silent, Cause::Silent);
    }
    if (!carries_traffic() || overdue_ || now < waiting_since_ + doubtful_after()) {
        return false;
    }
    overdue_ = true;
    cause_ = Cause::Overdue;
    return apply(now, PathNews::Doubtful, Cause::Overdue);
}

bool PathMonitor::judge_window(base::Instant now) noexcept {
    const std::uint64_t sent = growth(last_.packets_sent, window_sent_);
    const base::Duration elapsed = now - window_began_;
    const bool enough = sent >= kWindowPackets && elapsed >= kWindowMin;
    const bool quiet = state_ == PathState::Degraded && elapsed >= kQuietWindow &&
                       sent >= kQuietPackets && last_.bytes_in_flight == 0;
    if (!carries_traffic() || (!enough && !quiet)) {
        return false;
    }
    const std::uint64_t lost = growth(last_.packets_lost, window_lost_);
    const std::uint64_t delivered = growth(last_.bytes_delivered, window_delivered_);
    if (lost == 0 && delivered == 0) {
        return false;  // Nothing is known of what was sent.
    }
    const double loss = std::min(1.0, static_cast<double>(lost) / static_cast<double>(sent));
    loss_ += (loss - loss_) * kLossGain;
    if (enough) {
        add_rate(static_cast<double>(delivered) / seconds_of(elapsed));
    }
    begin_window(now);
    return judge_impairment(now, loss);
}

bool PathMonitor::judge_impairment(base::Instant now, double loss) noexcept {
    const bool queueing = is_queueing(last_);
    const bool bad = loss > kLossMax || queueing;
    const bool good = loss < kLossHealthy && !queueing;
    bad_windows_ = bad ? std::min<std::uint8_t>(bad_windows_ + 1, kWindowsInARow) : 0;
    good_windows_ = good ? std::min<std::uint8_t>(good_windows_ + 1, kWindowsInARow) : 0;
    if (bad_windows_ == kWindowsInARow) {
        impairment_ = loss > kLossMax ? Cause::Loss : Cause::Queueing;
        cause_ = overdue_ ? Cause::Overdue : impairment_;
        return apply(now, PathNews::Impaired, impairment_);
    }
    if (good_windows_ == kWindowsInARow) {
        impairment_ = Cause::None;
        return !overdue_ && apply(now, PathNews::Healthy, Cause::None);
    }
    return false;
}

void PathMonitor::begin_window(base::Instant now) noexcept {
    window_began_ = now;
    window_sent_ = last_.packets_sent;
    window_lost_ = last_.packets_lost;
    window_delivered_ = last_.bytes_delivered;
}

void PathMonitor::add_rate(double rate) noexcept {
    rates_[rate_count_++ % kRatesMax] = rate;
    const auto end = rates_.begin() + static_cast<std::ptrdiff_t>(std::min(rate_count_, kRatesMax));
    const double most = *std::max_element(rates_.begin(), end);
    const double gain = rate_count_ == 1 ? 1.0 : most > rate_ ? kRateRise : kRateFall;
    rate_ += (most - rate_) * gain;
}

std::string_view explain(PathMonitor::Cause cause) noexcept {
    switch (cause) {
        case PathMonitor::Cause::None:
            break;
        case PathMonitor::Cause::Overdue:
            return ": an acknowledgement is overdue";
        case PathMonitor::Cause::Silent:
            return ": no acknowledgement for long";
        case PathMonitor::Cause::Loss:
            return ": it loses too many packets";
        case PathMonitor::Cause::Queueing:
            return ": packets queue on it for too long";
        case PathMonitor::Cause::LinkDown:
            return ": an interface at one of its ends is down";
    }
    return "";
}

}  // namespace qe::multipath
