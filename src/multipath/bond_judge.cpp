// SPDX-License-Identifier: Apache-2.0
#include "quicether/multipath/bond_judge.h"

#include <algorithm>
#include <cmath>

namespace qe::multipath {
namespace {

double seconds_of(base::Duration duration) noexcept {
    return std::chrono::duration<double>(duration).count();
}

}  // namespace

void BondJudge::observe(base::Instant now, std::span<const PathFigures> paths,
                        bool carries_bulk) noexcept {
    PathSet set = 0;
    std::uint64_t delivered = 0;
    for (const PathFigures& figures : paths) {
        set = static_cast<PathSet>(set | set_of(figures.path));
        delivered += figures.bytes_delivered;
    }
    learn_peaks(now, paths);
    const bool gap = now - observed_at_ > kGap;
    observed_at_ = now;
    if (set != paths_ || paths.size() < 2) {
        paths_ = set;
        enter(now, Phase::Together);
        return;
    }
    if (gap && phase_ == Phase::Trial) {
        enter(now, Phase::Together);
    }
    if (gap || now < settled_at_) {
        begin_epoch(now, delivered);
        return;
    }
    if (phase_ == Phase::Alone && now >= alone_until_) {
        enter(now, Phase::Together, kSettleAgain);
        again_ = true;
        return;
    }
    ++observations_;
    bulk_observations_ += carries_bulk ? 1U : 0U;
    const base::Duration length = now - epoch_began_;
    if (length < (again_ ? kEpochAgain : kEpoch)) {
        return;
    }
    const bool telling = bulk_observations_ >= kBulkShareMin * observations_;
    const std::uint64_t bytes = delivered - std::min(delivered, epoch_delivered_);
    const double rate = static_cast<double>(bytes) / seconds_of(length);
    begin_epoch(now, delivered);
    switch (phase_) {
        case Phase::Together:
            if (telling) {
                again_ = false;
                judge_bond(now, paths, rate);
            }
            return;
        case Phase::Trial:
            if (telling) {
                judge_trial(now, rate);
            } else {
                enter(now, Phase::Together);
            }
            return;
        case Phase::Alone:
            rate_alone_ = telling ? rate : rate_alone_;
            return;
    }
}

void BondJudge::judge_bond(base::Instant now, std::span<const PathFigures> paths,
                           double rate) noexcept {
    const PathIndex best = best_of(paths);
    if (rate >= kLoses * peaks_[best]) {
        ++good_epochs_;
        stay_ = good_epochs_ >= kGoodInARow ? kPauseMin : stay_;
        return;
    }
    good_epochs_ = 0;
    const bool proven = best == best_ && rate < kFarBelow * proven_;
    if (now >= no_trial_before_ || proven) {
        proven_ = 0;
        best_ = best;
        rate_together_ = rate;
        rate_alone_ = 0;
        enter(now, Phase::Trial);
    }
}

void BondJudge::judge_trial(base::Instant now, double rate) noexcept {
    const bool filled = rate >= kFilled * peaks_[best_];
    proven_ = filled ? rate : 0;
    if (rate < kAsGood * rate_together_ || !filled) {
        peaks_[best_] = std::min(peaks_[best_], rate);
        no_trial_before_ = now + trial_pause_;
        trial_pause_ = std::min(2 * trial_pause_, kPauseMax);
        enter(now, Phase::Together);
        return;
    }
    rate_alone_ = rate;
    alone_until_ = now + stay_;
    stay_ = std::min(2 * stay_, kPauseMax);
    trial_pause_ = kPauseMin;
    phase_ = Phase::Alone;
}

/// The figures of the moment, or what is left of better ones.
void BondJudge::learn_peaks(base::Instant now, std::span<const PathFigures> paths) noexcept {
    const double fade = std::exp2(-seconds_of(now - observed_at_) / seconds_of(kPeakHalfLife));
    std::array<double, kPathsMax> before{};
    std::swap(before, peaks_);
    for (const PathFigures& figures : paths) {
        peaks_[figures.path] = std::max(before[figures.path] * fade, figures.rate);
    }
}

PathIndex BondJudge::best_of(std::span<const PathFigures> paths) const noexcept {
    double most = 0;
    for (const PathFigures& figures : paths) {
        most = std::max(most, peaks_[figures.path]);
    }
    const PathFigures* best = nullptr;
    for (const PathFigures& figures : paths) {
        const bool is_alike = peaks_[figures.path] >= kAlike * most;
        if (is_alike && (best == nullptr || figures.rtt < best->rtt)) {
            best = &figures;
        }
    }
    return best == nullptr ? PathIndex{0} : best->path;
}

void BondJudge::enter(base::Instant now, Phase phase, base::Duration settle) noexcept {
    phase_ = phase;
    again_ = false;
    good_epochs_ = 0;
    settled_at_ = now + settle;
}

void BondJudge::begin_epoch(base::Instant now, std::uint64_t delivered) noexcept {
    epoch_began_ = now;
    epoch_delivered_ = delivered;
    observations_ = 0;
    bulk_observations_ = 0;
}

}  // namespace qe::multipath
