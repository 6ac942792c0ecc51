// SPDX-License-Identifier: Apache-2.0
#include "sim/codel.h"

#include <cmath>

namespace qe::sim {

bool CoDelLaw::condemns(base::Instant now, base::Duration sojourn,
                        std::size_t backlog_bytes) noexcept {
    const bool standing = stands(now, sojourn, backlog_bytes);
    if (dropping_) {
        dropping_ = standing;
        if (!standing || now < drop_next_) {
            return false;
        }
        ++count_;
        drop_next_ = next_after(drop_next_);
        return true;
    }
    if (!standing) {
        return false;
    }
    // Back to the rate that worked if the queue was controlled until a short while ago.
    const std::uint32_t delta = count_ - last_count_;
    count_ = delta > 1 && now - drop_next_ < 16 * kInterval ? delta : 1;
    last_count_ = count_;
    drop_next_ = next_after(now);
    dropping_ = true;
    return true;
}

bool CoDelLaw::stands(base::Instant now, base::Duration sojourn,
                      std::size_t backlog_bytes) noexcept {
    if (sojourn < kTarget || backlog_bytes <= kBacklogBytes) {
        above_since_ = base::Instant::never();
        return false;
    }
    if (above_since_.is_never()) {
        above_since_ = now;
    }
    return now - above_since_ >= kInterval;
}

base::Instant CoDelLaw::next_after(base::Instant t) const noexcept {
    const double step = static_cast<double>(kInterval.count()) / std::sqrt(count_);
    return t + base::Duration(static_cast<base::Duration::rep>(step));
}

}  // namespace qe::sim
