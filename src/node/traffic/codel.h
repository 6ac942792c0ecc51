// SPDX-License-Identifier: Apache-2.0
//
// Codel: when a queue must tell its sender to slow down (RFC 8289).
//
// Pure control law: it is told of every packet that leaves and how long that packet waited, and
// says whether this one is to be marked or lost. It holds no packets and reads no clock. Packets
// that waited longer than `target` for a whole `interval` begin a series of signals, which come
// faster by the inverse square root of their number until the wait is short again.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "quicether/base/time.h"

namespace qe::node {

struct CodelOptions {
    base::Duration target = base::milliseconds(5);
    base::Duration interval = base::milliseconds(100);
};

class Codel {
  public:
    /// A queue with no more than this behind the leaving packet is not standing, however slow it
    /// is: RFC 8289, section 5.3 (maxpacket).
    static constexpr std::size_t kMaxPacketBytes = 1500;

    /// Whether the packet that leaves now, after waiting `sojourn`, is to be marked or lost. Asked
    /// again for the next packet at the same instant when this one was lost. `backlog_bytes` is
    /// what stays behind it.
    [[nodiscard]] bool wants_signal(const CodelOptions& options, base::Instant now,
                                    base::Duration sojourn, std::size_t backlog_bytes) noexcept {
        const bool standing = is_standing(options, now, sojourn, backlog_bytes);
        if (!signalling_) {
            if (standing) {
                begin(options, now);
            }
            return standing;
        }
        signalling_ = standing;
        if (!standing || now < next_) {
            return false;
        }
        ++count_;
        next_ = next_ + spacing(options);
        return true;
    }

    /// The queue ran empty: nothing stands in it any more.
    void on_empty() noexcept {
        signalling_ = false;
        above_until_ = base::Instant::never();
    }

  private:
    /// Whether every packet of the last interval waited too long.
    bool is_standing(const CodelOptions& options, base::Instant now, base::Duration sojourn,
                     std::size_t backlog_bytes) noexcept {
        if (sojourn < options.target || backlog_bytes <= kMaxPacketBytes) {
            above_until_ = base::Instant::never();
            return false;
        }
        if (above_until_.is_never()) {
            above_until_ = now + options.interval;
            return false;
        }
        return now >= above_until_;
    }

    /// Takes up the rate of the last series when that ended a short while ago.
    void begin(const CodelOptions& options, base::Instant now) noexcept {
        const std::uint32_t grown = count_ - begun_with_;
        const bool recent = now - next_ < kMemoryIntervals * options.interval;
        count_ = grown > 1 && recent ? grown : 1;
        begun_with_ = count_;
        signalling_ = true;
        next_ = now + spacing(options);
    }

    [[nodiscard]] base::Duration spacing(const CodelOptions& options) const noexcept {
        const auto interval = static_cast<double>(options.interval.count());
        return base::Duration(static_cast<std::int64_t>(interval / std::sqrt(count_)));
    }

    static constexpr int kMemoryIntervals = 16;

    base::Instant above_until_ = base::Instant::never();  ///< When the wait will have been long.
    base::Instant next_;                                  ///< The next signal of this series.
    std::uint32_t count_ = 0;                             ///< Signals of this series.
    std::uint32_t begun_with_ = 0;                        ///< `count_` as this series began.
    bool signalling_ = false;
};

}  // namespace qe::node
