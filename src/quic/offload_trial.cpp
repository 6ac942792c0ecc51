// SPDX-License-Identifier: Apache-2.0
#include "quic/offload_trial.h"

namespace qe::quic {
namespace {

/// Loss of single packets below this part of that of segmented ones condemns segmentation.
constexpr double kFarBetter = 0.25;
/// Segmented losses that make offload a suspect before anything is proven.
constexpr std::uint32_t kSuspicious = 3;

}  // namespace

void OffloadTrial::on_segmented(base::Instant now, bool lost) noexcept {
    if (state_ != State::Segmenting) {
        return;
    }
    if (segmented_.resolved == 0) {
        since_ = now;
    }
    segmented_.add(lost);
}

void OffloadTrial::on_single(bool lost) noexcept {
    singles_lost_ = lost ? singles_lost_ + 1 : 0;
    if (state_ == State::Trial) {
        single_.add(lost);
    }
}

void OffloadTrial::update(base::Instant now) noexcept {
    switch (state_) {
        case State::Segmenting:
            judge_segmented(now);
            break;
        case State::Trial:
            judge_single(now);
            break;
        case State::Off:
            if (now >= off_until_) {
                resume();
            }
            break;
    }
}

void OffloadTrial::acquit(base::Instant now) noexcept {
    if (state_ != State::Off) {
        next_trial_ = now + kHoldOff;
        resume();
    }
}

void OffloadTrial::reset() noexcept {
    const std::uint32_t trials = trials_;
    *this = {};
    trials_ = trials;
}

bool OffloadTrial::suspects(base::Instant now) const noexcept {
    if (singles_lost_ >= kSuspicious) {
        return false;
    }
    return state_ == State::Trial || (state_ == State::Segmenting && now >= next_trial_ &&
                                      segmented_.lost >= kSuspicious && segmented_.heavy());
}

void OffloadTrial::judge_segmented(base::Instant now) noexcept {
    const bool enough = segmented_.resolved >= kEnough ||
                        (segmented_.resolved >= kFew && now - since_ >= kFewAfter);
    const bool alone = singles_lost_ < kSuspicious;
    if (enough && alone && segmented_.heavy() && now >= next_trial_) {
        state_ = State::Trial;
        single_ = {};
        since_ = now;
        ++trials_;
        return;
    }
    if (segmented_.resolved >= kEnough && !segmented_.heavy() && off_) {
        off_ = false;
        off_for_ = kOffMin;
    }
    if (segmented_.resolved >= 2 * kEnough ||
        (segmented_.resolved > 0 && now - since_ >= kWindow)) {
        segmented_ = {};
    }
}

void OffloadTrial::judge_single(base::Instant now) noexcept {
    const base::Duration lasted = now - since_;
    if (single_.resolved >= kEnough || (single_.resolved >= kFew && lasted >= kWindow)) {
        end_trial(now, single_.share() < segmented_.share() * kFarBetter);
    } else if (singles_lost_ >= kFew || lasted >= kTrialMax) {
        end_trial(now, false);
    }
}

void OffloadTrial::end_trial(base::Instant now, bool singles_prove) noexcept {
    burst_loss_ = segmented_.share();
    single_loss_ = single_.share();
    if (!singles_prove) {
        next_trial_ = now + kHoldOff;
        resume();
        return;
    }
    state_ = State::Off;
    off_ = true;
    off_until_ = now + off_for_;
    off_for_ = std::min(2 * off_for_, kOffMax);
}

void OffloadTrial::resume() noexcept {
    state_ = State::Segmenting;
    segmented_ = {};
    singles_lost_ = 0;
}

}  // namespace qe::quic
