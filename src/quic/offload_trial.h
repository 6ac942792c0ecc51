// SPDX-License-Identifier: Apache-2.0
//
// OffloadTrial: notices that segmented sends (GSO) die on a path where single packets live.
//
// A broken driver, a virtual link or a middlebox may drop or spoil the packets of a UDP_SEGMENT
// send without an error. QUIC tells what became of each packet, so heavy loss among segmented ones
// starts a trial: everything leaves singly until enough is known of single packets of the same
// size. If they fare far better, offload is off for the path and tried again later, ever more
// rarely; if not, the path is just bad. Only large packets count: small ones pass where large ones
// do not, and that is the business of BlackHole, which has to wait while offload is the suspect.
// Pure state without timers: `now` and what happened go in, an opinion comes out.
#pragma once

#include <algorithm>
#include <cstdint>

#include "quicether/base/time.h"

namespace qe::quic {

class OffloadTrial {
  public:
    static constexpr std::uint32_t kEnough = 32;  ///< Packets whose fate proves something.
    static constexpr std::uint32_t kFew = 8;      ///< The same when there are no more in time.
    static constexpr base::Duration kFewAfter = base::milliseconds(500);
    static constexpr base::Duration kWindow = base::seconds(2);
    static constexpr base::Duration kTrialMax = base::seconds(10);
    static constexpr base::Duration kHoldOff = base::seconds(60);  ///< Between two trials.
    static constexpr base::Duration kOffMin = base::seconds(10 * 60);
    static constexpr base::Duration kOffMax = base::seconds(2 * 60 * 60);

    void on_segmented(base::Instant now, bool lost) noexcept;
    /// A large packet that left by itself, during a trial or not.
    void on_single(bool lost) noexcept;
    /// Draws conclusions; to be called before writing and after input.
    void update(base::Instant now) noexcept;
    /// BlackHole found the size of the packets guilty: offload is not, for now.
    void acquit(base::Instant now) noexcept;
    /// The path is another one now.
    void reset() noexcept;

    /// Several packets may leave in one segmented send.
    [[nodiscard]] bool segmenting() const noexcept { return state_ == State::Segmenting; }
    /// The verdict: offload harms this path. Stays while a later attempt is unproven.
    [[nodiscard]] bool off() const noexcept { return off_; }
    /// Large packets may be dying of being segmented, not of their size.
    [[nodiscard]] bool suspects(base::Instant now) const noexcept;
    /// Shares lost in the last trial that ended, 0 to 1.
    [[nodiscard]] double burst_loss() const noexcept { return burst_loss_; }
    [[nodiscard]] double single_loss() const noexcept { return single_loss_; }
    [[nodiscard]] std::uint32_t trials() const noexcept { return trials_; }

  private:
    enum class State : std::uint8_t { Segmenting, Trial, Off };

    struct Fates {
        std::uint32_t lost = 0;
        std::uint32_t resolved = 0;

        void add(bool was_lost) noexcept {
            ++resolved;
            lost += was_lost ? 1U : 0U;
        }
        [[nodiscard]] bool heavy() const noexcept { return lost * 2 >= resolved && lost > 0; }
        [[nodiscard]] double share() const noexcept {
            return resolved == 0 ? 0.0 : static_cast<double>(lost) / resolved;
        }
    };

    void judge_segmented(base::Instant now) noexcept;
    void judge_single(base::Instant now) noexcept;
    void end_trial(base::Instant now, bool singles_prove) noexcept;
    void resume() noexcept;

    State state_ = State::Segmenting;
    bool off_ = false;
    Fates segmented_;
    Fates single_;
    std::uint32_t singles_lost_ = 0;  ///< In a row.
    base::Instant since_;             ///< Start of the window, the trial.
    base::Instant next_trial_;        ///< None begins earlier.
    base::Instant off_until_;
    base::Duration off_for_ = kOffMin;  ///< The next time.
    double burst_loss_ = 0;
    double single_loss_ = 0;
    std::uint32_t trials_ = 0;  ///< Begun, ever; survives reset().
};

}  // namespace qe::quic
