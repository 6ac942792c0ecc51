// SPDX-License-Identifier: Apache-2.0
//
// CoDelLaw: which packets a queue marks or drops so that it does not stand (RFC 8289, section 5).
//
// The simulator's routers have a law of their own, so that a mistake in the daemon's is seen from
// outside. The queue asks about each packet that leaves, and asks again for the next one when it
// dropped the first.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quicether/base/time.h"

namespace qe::sim {

class CoDelLaw {
  public:
    static constexpr base::Duration kTarget = base::milliseconds(5);
    static constexpr base::Duration kInterval = base::milliseconds(100);
    /// Less than this in the queue is no standing queue, however long it takes (section 5.4).
    static constexpr std::size_t kBacklogBytes = 1500;

    /// True: drop the packet that is about to leave after waiting `sojourn`, or mark it.
    /// `backlog_bytes` wait behind it.
    [[nodiscard]] bool condemns(base::Instant now, base::Duration sojourn,
                                std::size_t backlog_bytes) noexcept;

  private:
    [[nodiscard]] bool stands(base::Instant now, base::Duration sojourn,
                              std::size_t backlog_bytes) noexcept;
    [[nodiscard]] base::Instant next_after(base::Instant t) const noexcept;

    bool dropping_ = false;
    base::Instant above_since_ = base::Instant::never();
    base::Instant drop_next_;
    std::uint32_t count_ = 0;
    std::uint32_t last_count_ = 0;
};

}  // namespace qe::sim
