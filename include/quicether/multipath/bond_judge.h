// SPDX-License-Identifier: Apache-2.0
//
// BondJudge: whether several paths carry more together than the best of them would alone.
//
// A bond can lose: TCP in an ordered lane sees the round trip of the slowest path, and a small path
// may cost more by that than it adds. So what a group delivers while it has bulk to carry is
// compared with the most that one of its paths was seen to deliver. When it is less, that path
// carries the bulk alone, on trial first: if that is worse, the bond was not to blame, and what had
// been seen was too high. If not, the group stays reduced for a while, longer each time.
//
//     judge.observe(now, figures, carries_bulk);    // of the group, about ten times a second
//     if (const auto path = judge.alone()) …        // bulk goes by this one only
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "quicether/base/time.h"
#include "quicether/multipath/scheduler.h"

namespace qe::multipath {

class BondJudge {
  public:
    /// Figures of so long make a verdict, if there was bulk in most of it.
    static constexpr base::Duration kEpoch = base::seconds(2);
    /// TCP finds its new rate in the meantime.
    static constexpr base::Duration kSettle = base::milliseconds(500);
    /// The same for a bond that lost before: trying it again shall cost little.
    static constexpr base::Duration kEpochAgain = base::seconds(1);
    static constexpr base::Duration kSettleAgain = base::milliseconds(300);
    static constexpr double kBulkShareMin = 0.5;  ///< Of the observations of an epoch.
    /// The bond loses below this share of what its best path was seen to deliver.
    static constexpr double kLoses = 0.95;
    /// To keep the bulk the best path by itself has to be so good, compared with the bond (as good
    /// is better: it is one round trip to TCP), and to deliver so much of what it was seen to: else
    /// the bulk was not there to be carried.
    static constexpr double kAsGood = 0.97;
    static constexpr double kFilled = 0.8;
    /// Below this share of what the best path delivered on trial there is no need to wait for the
    /// next one.
    static constexpr double kFarBelow = 0.85;
    /// How long a group stays reduced, and how long there is no trial after one in vain: the first
    /// time and at most.
    static constexpr base::Duration kPauseMin = base::seconds(20);
    static constexpr base::Duration kPauseMax = base::seconds(160);
    /// After so many good epochs in a row the bond is given up for no longer than the first time.
    static constexpr std::uint32_t kGoodInARow = 3;
    /// Observations farther apart have had no traffic between them.
    static constexpr base::Duration kGap = base::seconds(1);
    /// The best that was seen of a path counts half as much after so long.
    static constexpr base::Duration kPeakHalfLife = base::seconds(60);
    /// Paths whose peaks are within this factor are alike: the quicker one is the better.
    static constexpr double kAlike = 0.9;

    struct PathFigures {
        PathIndex path = 0;
        std::uint64_t bytes_delivered = 0;  ///< Acknowledged so far.
        double rate = 0;                    ///< Bytes per second delivered lately; 0: unknown.
        base::Duration rtt{0};
    };

    /// What happened since the last call. `carries_bulk`: some flow had a backlog, or is
    /// kept in order since it had one. Paths that come or go begin everything anew.
    void observe(base::Instant now, std::span<const PathFigures> paths, bool carries_bulk) noexcept;
    /// The path that shall carry the bulk by itself; nothing while all do.
    [[nodiscard]] std::optional<PathIndex> alone() const noexcept {
        return phase_ == Phase::Together ? std::nullopt : std::optional(best_);
    }
    /// Bytes per second of the bond when it was given up, and of the path that replaced it, which
    /// is 0 while on trial. For people; means something while alone() does.
    [[nodiscard]] double rate_together() const noexcept { return rate_together_; }
    [[nodiscard]] double rate_alone() const noexcept { return rate_alone_; }

  private:
    enum class Phase : std::uint8_t { Together, Trial, Alone };

    void enter(base::Instant now, Phase phase, base::Duration settle = kSettle) noexcept;
    void begin_epoch(base::Instant now, std::uint64_t delivered) noexcept;
    void learn_peaks(base::Instant now, std::span<const PathFigures> paths) noexcept;
    [[nodiscard]] PathIndex best_of(std::span<const PathFigures> paths) const noexcept;
    /// `rate`: bytes per second of the group in the epoch that ends now.
    void judge_bond(base::Instant now, std::span<const PathFigures> paths, double rate) noexcept;
    void judge_trial(base::Instant now, double rate) noexcept;

    Phase phase_ = Phase::Together;
    bool again_ = false;  ///< Together once more, and not yet judged.
    PathSet paths_ = 0;
    std::array<double, kPathsMax> peaks_{};
    PathIndex best_ = 0;
    double proven_ = 0;  ///< What `best_` delivered on its last trial, if it was filled.
    double rate_together_ = 0;
    double rate_alone_ = 0;

    base::Instant observed_at_;
    base::Instant settled_at_;
    base::Instant epoch_began_;
    std::uint64_t epoch_delivered_ = 0;  ///< By all paths until it began.
    std::uint32_t observations_ = 0;
    std::uint32_t bulk_observations_ = 0;

    base::Instant alone_until_;
    base::Instant no_trial_before_;
    base::Duration stay_ = kPauseMin;
    base::Duration trial_pause_ = kPauseMin;
    std::uint32_t good_epochs_ = 0;  ///< In a row.
};

}  // namespace qe::multipath
